/** A PEM block (RFC 7468). */
export interface PemBlock {
  /** `CERTIFICATE`, `PUBLIC KEY`, … */
  readonly label: string;
  readonly bytes: Uint8Array;
  /** The text behind the block. */
  readonly rest: string;
}

const BLOCK =
  /(?:^|\n)-----BEGIN ([^\n]*?)-----[ \t]*\r?\n((?:[^\n:]+:[^\n]*\n)*)([A-Za-z0-9+/=\s]*?)(?:^|\n)?-----END ([^\n]*?)-----[ \t]*(?:\r?\n|$)/g;

/** The first PEM block of a text; undefined where there is none. */
export function firstPemBlock(text: string): PemBlock | undefined {
  for (const found of text.matchAll(BLOCK)) {
    const [whole, label, , body, end] = found as unknown as [string, string, string, string, string];
    const compact = body.replace(/\s/g, '');
    const isBase64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(compact);
    if (label !== end || !isBase64) continue;
    const bytes = Uint8Array.from(atob(compact), (unit) => unit.charCodeAt(0));
    return { label, bytes, rest: text.slice(found.index + whole.length) };
  }
  return undefined;
}

/** All PEM blocks of a text, in order. */
export function pemBlocks(text: string): readonly PemBlock[] {
  const blocks: PemBlock[] = [];
  for (let rest = text; ; ) {
    const block = firstPemBlock(rest);
    if (block === undefined) return blocks;
    blocks.push(block);
    rest = block.rest;
  }
}
