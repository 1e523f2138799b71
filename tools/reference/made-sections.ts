/** A page whose sections between `<!-- made: NAME -->` and `<!-- end -->` are replaced; each must be there. */
export function withSections(page: string, sections: Readonly<Record<string, string>>): string {
  return Object.entries(sections).reduce((text, [name, made]) => {
    const begin = `<!-- made: ${name} -->`;
    const from = text.indexOf(begin);
    const to = text.indexOf('<!-- end -->', from);
    if (from < 0 || to < 0) throw new Error(`the page has no section \`${name}\``);
    return `${text.slice(0, from + begin.length)}\n\n${made}\n\n${text.slice(to)}`;
  }, page);
}

/** A table in Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Names as code, in a row. */
export function codes(names: readonly string[], none = '–'): string {
  return names.length === 0 ? none : names.map((name) => `\`${name}\``).join(', ');
}
