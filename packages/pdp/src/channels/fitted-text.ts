/** How a receiver counts and writes a text. */
export interface TextForm {
  /** One character as the receiver wants it: marks that it would read as markup are escaped. */
  readonly written: (character: string) => string;
  /** What a written character takes of the receiver's limit. */
  readonly size: (written: string) => number;
}

/** As it is; counted in UTF-16 code units, of which no receiver counts more. */
export const PLAIN_FORM: TextForm = {
  written: (character) => character,
  size: (written) => written.length,
};

/**
 * As much of a text as fits, `ending` behind it where something was cut off. It is cut between characters, and before they are
 * written: half of an escaped mark would be markup again.
 */
export function fitted(text: string, max: number, form: TextForm = PLAIN_FORM, ending = '…'): string {
  const room = max - form.size(ending);
  let size = 0;
  let whole = '';
  let cut = '';
  for (const character of text.toWellFormed()) {
    const written = form.written(character);
    size += form.size(written);
    if (size > max) return cut + ending;
    whole += written;
    if (size <= room) cut = whole;
  }
  return whole;
}
