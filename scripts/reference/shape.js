// What is done to the declarations that TypeDoc has read, before they are pages.
import { Comment, ReflectionKind } from "typedoc";

import { isOwn } from "./theme.js";

/** @typedef {import("typedoc").DeclarationReflection} Declaration */
/** @typedef {import("typedoc").ProjectReflection} Project */

/**
 * Names modules after their packages, drops what no page shows, and resolves links by name.
 *
 * @param {Project} project
 */
export function shape(project) {
  const modules = [...(project.children ?? [])];
  for (const module of modules) module.name = `@reissue/${module.name.split("/")[0]}`;
  const byName = new Map(
    modules
      .toReversed()
      .flatMap(({ children = [] }) => children.map((child) => [child.name, child])),
  );
  for (const module of modules) sumUpReferences(project, module, byName);
  for (const module of modules) {
    if ((module.children ?? []).length === 0) project.removeReflection(module);
  }
  for (const each of Object.values(project.reflections)) {
    if (each.isDeclaration() && isMember(each) && !isOwn(each)) project.removeReflection(each);
  }
  for (const each of Object.values(project.reflections)) {
    // A getter is a row of a table, as a property is.
    if (each.isDeclaration()) each.comment ??= each.getSignature?.comment;
    const { comment } = each;
    if (comment === undefined) continue;
    comment.blockTags.forEach(formatDefault);
    for (const part of [
      comment.summary,
      ...comment.blockTags.map(({ content }) => content),
    ].flat()) {
      // Declarations import only what they name outside of comments, so that TypeScript does not resolve these.
      if (part.kind === "inline-tag") part.target ??= byName.get(part.text);
    }
  }
}

/**
 * Puts the exports of each package in the order of their names; members keep the order of their source.
 *
 * @param {Project} project
 */
export function sortExports({ children = [] }) {
  for (const { groups = [], children: all = [] } of children) {
    for (const list of [all, ...groups.map((group) => group.children)])
      list.sort((one, other) => (one.name < other.name ? -1 : 1));
  }
}

/** @param {Declaration} declaration */
function isMember({ parent }) {
  return parent?.kindOf([ReflectionKind.Class, ReflectionKind.Interface]) === true;
}

/**
 * Says in one sentence what a package passes on from others, in place of a section for each.
 *
 * @param {Project} project
 * @param {Declaration} module
 * @param {ReadonlyMap<string, import("typedoc").Reflection>} byName - The innermost export of each name.
 */
function sumUpReferences(project, module, byName) {
  const references = (module.children ?? []).filter((child) => child.isReference());
  if (references.length === 0) return;
  /** @type {import("typedoc").CommentDisplayPart[]} */
  const parts = [{ kind: "text", text: "Exports from other packages: " }];
  for (const reference of references.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
    // What comes from an internal entry is on the page of the first adapter; a reader knows it from another.
    const target = byName.get(reference.name) ?? reference.tryGetTargetReflectionDeep();
    if (parts.length > 1) parts.push({ kind: "text", text: ", " });
    parts.push({ kind: "inline-tag", tag: "@linkcode", text: reference.name, target });
    project.removeReflection(reference);
  }
  parts.push({ kind: "text", text: "." });
  module.comment = new Comment(parts);
}

/**
 * Has the value of a default in code, and its reason beside it.
 *
 * @param {import("typedoc").CommentTag} tag
 */
function formatDefault(tag) {
  if (tag.tag !== "@defaultValue") return;
  const text = tag.content
    .map((part) => part.text)
    .join("")
    .replaceAll(/^```ts\n|\n```$/g, "");
  const [, value = "", rest = text] =
    /^`?(-?[\d_]+|Infinity|true|false|null|\[\]|"[^"]*")`?(.*)$/s.exec(text) ?? [];
  tag.content = [{ kind: "text", text: `${value && `\`${value}\``}${rest.replaceAll("\n", " ")}` }];
}
