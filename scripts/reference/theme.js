import { ReflectionKind } from "typedoc";
import { MarkdownTheme, MarkdownThemeContext, ModuleRouter } from "typedoc-plugin-markdown";

/** @typedef {import("typedoc").DeclarationReflection} Declaration */
/** @typedef {import("typedoc").SignatureReflection} Signature */

/** Kinds that are rows of a table, and have no heading to link to. */
const rows = [ReflectionKind.Property, ReflectionKind.Accessor];

/** A page for each package. */
export class PackageRouter extends ModuleRouter {
  /**
   * @override
   * @param {import("typedoc").ProjectReflection} project
   */
  buildPages(project) {
    const pages = super.buildPages(project);
    for (const module of project.children ?? []) this.#linkHeadings(module);
    return pages;
  }

  /**
   * Nothing: the headings of a page are known once it is.
   *
   * @override
   */
  buildAnchors() {}

  /**
   * Gives each heading of a page the anchor that GitHub gives it: of those with one text all but the first are numbered.
   *
   * @param {Declaration} module
   */
  #linkHeadings(module) {
    /** @type {Map<string, number>} */
    const seen = new Map();
    /**
     * @param {string} title
     * @param {import("typedoc").Reflection} [reflection]
     */
    const link = (title, reflection) => {
      const text = title.toLowerCase().replaceAll(" ", "-");
      const before = seen.get(text) ?? 0;
      seen.set(text, before + 1);
      if (reflection === undefined) return;
      const anchor = before === 0 ? text : `${text}-${before}`;
      this.anchors.set(reflection, anchor);
      this.fullUrls.set(reflection, `${this.fullUrls.get(module)}#${anchor}`);
    };
    for (const { title, children } of module.groups ?? []) {
      link(title);
      for (const child of children) {
        link(child.name, child);
        for (const member of /** @type {Declaration} */ (child).children ?? [])
          if (member.kindOf(ReflectionKind.Method)) link(member.name, member);
      }
    }
  }
}

export class PackageTheme extends MarkdownTheme {
  /**
   * @override
   * @param {import("typedoc-plugin-markdown").MarkdownPageEvent<any>} page
   */
  getRenderContext(page) {
    return new PackageContext(this, page, this.application.options);
  }
}

/**
 * The plugin's pages, with what a reader looks for first: the whole signature, its sentence, the table of options. What a
 * signature says already has no section of its own.
 */
class PackageContext extends MarkdownThemeContext {
  /** @param {ConstructorParameters<typeof MarkdownThemeContext>} args */
  constructor(...args) {
    super(...args);
    this.partials = {
      ...this.partials,
      memberWithGroups: (model, { headingLevel }) =>
        model.kindOf(ReflectionKind.Module)
          ? this.#package(model)
          : this.#type(model, headingLevel),
      signatures: (model) => this.#signatures(model.signatures ?? []),
      declaration: (model) =>
        paragraphs(this.partials.declarationTitle(model), this.#comment(model.comment)),
    };
  }

  /** @param {Declaration} model */
  #package(model) {
    return paragraphs(this.#comment(model.comment), this.partials.body(model, { headingLevel: 2 }));
  }

  /**
   * A class or an interface.
   *
   * @param {Declaration} model
   * @param {number} headingLevel
   */
  #type({ kind, comment, extendedTypes = [], signatures = [], children = [] }, headingLevel) {
    const parents = extendedTypes.map((type) => this.partials.someType(type));
    const constructors = children.filter((child) => child.kindOf(ReflectionKind.Constructor));
    const properties = children.filter((child) => rows.includes(child.kind));
    const methods = children.filter((child) => child.kindOf(ReflectionKind.Method));
    return paragraphs(
      this.#comment(comment),
      parents.length > 0 && `Extends ${parents.join(", ")}.`,
      this.#signatures(signatures.filter(isOwn)),
      ...constructors.map((child) => this.#signatures(child.signatures ?? [])),
      properties.length > 0 &&
        this.partials.propertiesTable(properties, { kind, isEventProps: false }),
      ...methods.map((child) => this.partials.memberContainer(child, { headingLevel })),
    );
  }

  /**
   * Signatures of one function, and what is said of it, once.
   *
   * @param {readonly Signature[]} signatures
   */
  #signatures(signatures) {
    const titles = signatures.map((signature) => this.partials.signatureTitle(signature, {}));
    const comments = signatures.map((signature) =>
      paragraphs(this.#comment(signature.comment), this.#parameters(signature)),
    );
    return paragraphs(titles.join("\n").replaceAll("```\n```ts\n", ""), ...new Set(comments));
  }

  /** @param {Signature} signature */
  #parameters({ parameters = [] }) {
    return parameters
      .filter(({ comment }) => comment !== undefined)
      .map(({ name, comment }) => `- \`${name}\`: ${this.#comment(comment).trim()}`)
      .join("\n");
  }

  /**
   * A comment with its tags as paragraphs: a heading for each would break the page into crumbs.
   *
   * @param {import("typedoc").Comment | undefined} comment
   */
  #comment(comment) {
    if (comment === undefined) return "";
    return this.partials
      .comment(comment, { showReturns: true })
      .replaceAll(/\*\*(Returns|Throws|Remarks)\*\*\n\n/g, "**$1** ")
      .replaceAll("**Default Value**\n\n", "**Default** ")
      .replaceAll(/\*\*Examples?\*\*\n\n/g, "");
  }
}

/**
 * Whether a member is not there by inheritance from another documented type.
 *
 * @param {Declaration | Signature} member
 */
export function isOwn({ inheritedFrom }) {
  return inheritedFrom === undefined;
}

/** @param {readonly (string | false)[]} parts */
function paragraphs(...parts) {
  return parts.filter((part) => part !== false && part.trim() !== "").join("\n\n");
}
