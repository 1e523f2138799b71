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

/** Output on the process's own streams. */
export function processOutput(format: OutputFormat): Output {
  return {
    format,
    line: (text = '') => {
      if (format === 'pretty') process.stdout.write(`${text}\n`);
    },
    json: (value) => {
      if (format === 'json') process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    },
    note: (text) => void process.stderr.write(`${text}\n`),
    style: (style, text) => styleText(style, text, { stream: process.stdout, validateStream: true }),
  };
}

/** Columns of text, padded to their widest cell; the last one is left as it is. */
export function table(rows: readonly (readonly string[])[]): string[] {
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
