/** A fenced block of a Markdown page. */
export interface CodeBlock {
  readonly language: string;
  readonly text: string;
  /** The heading that it stands under, without its `#`. */
  readonly heading: string;
  /** Offsets of `text` in the page. */
  readonly start: number;
  readonly end: number;
}

/** Every fenced block of a page, in order. */
export function codeBlocks(page: string): readonly CodeBlock[] {
  const blocks: CodeBlock[] = [];
  const pattern = /^(?:#+ (.*)|```(\S*)[^\n]*\n([\s\S]*?)^```)$/gm;
  let heading = '';
  for (const match of page.matchAll(pattern)) {
    const [whole, title, language = '', text = ''] = match;
    if (title !== undefined) {
      heading = title;
      continue;
    }
    const end = match.index + whole.length - '```'.length;
    blocks.push({ language, text, heading, start: end - text.length, end });
  }
  return blocks;
}
