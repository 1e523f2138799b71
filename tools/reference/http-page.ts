import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type HttpExample, httpExamples } from './http-examples.ts';

export const HTTP_PAGE = 'docs/reference/http-api.md';

/** The page of the HTTP API, each exchange between `<!-- example NAME -->` and `<!-- end -->` made from its file. */
export function httpPage(root: string): string {
  const examples = new Map(httpExamples(root).map((example) => [example.name, example]));
  const page = readFileSync(join(root, HTTP_PAGE), 'utf8');
  return page.replace(
    /<!-- example (\S+) -->\n[\s\S]*?<!-- end -->/g,
    (_whole: string, name: string): string => {
      const example = examples.get(name);
      if (example === undefined) throw new Error(`${HTTP_PAGE}: there is no example ${name}`);
      return `<!-- example ${name} -->\n${shown(example)}\n<!-- end -->`;
    },
  );
}

/** Names of the examples that the page shows. */
export function shownExamples(page: string): readonly string[] {
  return [...page.matchAll(/<!-- example (\S+) -->/g)].map(([, name]) => name ?? '');
}

/** `Content-Type`, as people write it. */
function headerName(name: string): string {
  return name.replaceAll(/(?:^|-)[a-z]/g, (start) => start.toUpperCase());
}

function shown(example: HttpExample): string {
  const lines = [`${example.method} ${example.path}`];
  if (example.as === 'operator') lines.push('Authorization: Bearer writ_op_…');
  for (const [name, value] of Object.entries(example.headers ?? {}))
    lines.push(`${headerName(name)}: ${value}`);
  if (example.text !== undefined) lines.push('', example.text);
  else if (example.body !== undefined) lines.push('', JSON.stringify(example.body, null, 2));
  const request = `\`\`\`http\n${lines.join('\n')}\n\`\`\``;
  const response = `\`\`\`json\n${JSON.stringify(example.response, null, 2)}\n\`\`\``;
  return `${example.about}\n\n${request}\n\n→ ${example.status}\n\n${response}`;
}
