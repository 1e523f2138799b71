const INDENT = '  ';

/** JSON text on several lines, as Go's encoder indents it. Numbers and strings stay as they are. */
export function prettyJson(text: string): string {
  let result = '';
  let depth = 0;
  const newLine = (): string => `\n${INDENT.repeat(depth)}`;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/g)) {
    if (token === '{' || token === '[') {
      depth += 1;
      result += token + newLine();
    } else if (token === '}' || token === ']') {
      depth -= 1;
      const open = token === '}' ? '{' : '[';
      const trimmed = result.trimEnd();
      result = trimmed.endsWith(open) ? trimmed + token : result + newLine() + token;
    } else if (token === ',') {
      result += token + newLine();
    } else if (token === ':') {
      result += ': ';
    } else {
      result += token;
    }
  }
  return result;
}
