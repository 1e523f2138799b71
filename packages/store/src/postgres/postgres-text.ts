/**
 * PostgreSQL's texts hold every character but U+0000. That one becomes two, and so does the one that announces them, in
 * a way that keeps the order of texts and which text begins with which.
 */

/** A text as it is stored. */
export function toPostgresText(text: string): string {
  return text.replaceAll('\u0001', '\u0001\u0002').replaceAll('\u0000', '\u0001\u0001');
}

/** A stored text as it was. */
export function fromPostgresText(text: string): string {
  return text.replaceAll('\u0001\u0001', '\u0000').replaceAll('\u0001\u0002', '\u0001');
}
