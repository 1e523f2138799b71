import { styleText } from 'node:util';

export type OutputFormat = 'pretty' | 'json';
type Style = Parameters<typeof styleText>[0];

/** Where a command writes: text for people or one JSON document for programs, colours only on a terminal. */
export interface Output {
  readonly format: OutputFormat;
  /** A line on standard output, in pretty format only. */
  line(text?: string): void;
  /** The result as JSON on standard output, in JSON format only. */
  json(value: unknown): void;
  /** A line on standard error: progress, warnings, errors. */
  note(text: string): void;
  /** `text` in a style where standard output is a terminal and NO_COLOR is not set. */
  style(style: Style, text: string): string;
}

const ESCAPE = String.fromCharCode(0x1b);
/** The colours and weights that `style` may set; nothing that hides text or moves the cursor. */
const STYLES = `${ESCAPE}\\[(?:0|1|2|22|3[1-79])m`;
const UNSEEN = '[\\p{Cc}\\p{Bidi_Control}\\p{Zl}\\p{Zp}]';
const IN_LINE = new RegExp(`${STYLES}|${UNSEEN}`, 'gu');
const IN_TEXT = new RegExp(`${STYLES}|(?![\\n\\t])${UNSEEN}`, 'gu');
const IN_JSON = /[\u007f-\u009f\p{Bidi_Control}\p{Zl}\p{Zp}]/gu;

/** Names and arguments come from agents: what could rewrite a terminal, or turn a line round, is shown as `\ufffd`. */
function shown(text: string, unseen: RegExp): string {
  return text.replace(unseen, (found) => (found.length > 1 ? found : '\ufffd'));
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Output on the process's own streams. */
export function processOutput(format: OutputFormat): Output {
  return {
    format,
    line: (text = '') => {
      if (format === 'pretty') process.stdout.write(`${shown(text, IN_TEXT)}\n`);
    },
    json: (value) => {
      if (format === 'json')
        process.stdout.write(`${JSON.stringify(value, null, 2).replace(IN_JSON, escaped)}\n`);
    },
    note: (text) => void process.stderr.write(`${shown(text, IN_TEXT)}\n`),
    style: (style, text) => styleText(style, text, { stream: process.stdout, validateStream: true }),
  };
}

/** Columns of text, padded to their widest cell; the last one is left as it is. A cell never begins a new line. */
export function table(cells: readonly (readonly string[])[]): string[] {
  const rows = cells.map((row) => row.map((cell) => shown(cell, IN_LINE)));
  const widths = rows
    .reduce<number[][]>((columns, row) => {
      row.forEach((cell, index) => {
        columns[index] = [...(columns[index] ?? []), cell.length];
      });
      return columns;
    }, [])
    .map((lengths) => Math.max(...lengths));
  return rows.map((row) =>
    row
      .map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
