import ts from "@typescript/typescript6";

/** Title of a test or of a `describe`, as it is written: with `%s` for what a table gives. */
export interface Title {
  readonly text: string;
  readonly line: number;
  readonly isSubject: boolean;
  /** Whether a `describe` is around it. */
  readonly isNested: boolean;
}

/** The titles that a test file gives as text. */
export function titlesOf(code: string): Title[] {
  const file = ts.createSourceFile("titles.ts", code, ts.ScriptTarget.Latest);
  const found: Title[] = [];
  const visit = (node: ts.Node, isNested: boolean): void => {
    const name = ts.isCallExpression(node) && node.arguments.length > 1 ? calledBy(node) : "";
    const isSubject = name === "describe";
    const title = ts.isCallExpression(node) ? node.arguments[0] : undefined;
    if (/^(describe|test|it)$/.test(name) && title !== undefined) {
      const text = textOf(title, file);
      const { line } = file.getLineAndCharacterOfPosition(title.getStart(file));
      if (text !== null) found.push({ text, line: line + 1, isSubject, isNested });
    }
    ts.forEachChild(node, (child) => visit(child, isNested || isSubject));
  };
  visit(file, false);
  return found;
}

/** The function at the root of a call: `test` of `test.skipIf(…).each(…)(…)`. */
function calledBy(call: ts.CallExpression): string {
  let root: ts.Expression = call.expression;
  while (ts.isCallExpression(root) || ts.isPropertyAccessExpression(root)) root = root.expression;
  return ts.isIdentifier(root) ? root.text : "";
}

function textOf(title: ts.Expression, file: ts.SourceFile): string | null {
  if (ts.isStringLiteralLike(title)) return title.text;
  return ts.isTemplateExpression(title) ? title.getText(file).slice(1, -1) : null;
}
