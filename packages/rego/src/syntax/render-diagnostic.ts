import type { Diagnostic } from './diagnostic.ts';

export interface RenderOptions {
  /** Colour by ANSI escapes; off where nothing is said. */
  readonly color?: boolean;
}

type Style = 'error' | 'warning' | 'frame' | 'strong';
const STYLES: Record<Style, string> = {
  error: '\u001b[1;31m',
  warning: '\u001b[1;33m',
  frame: '\u001b[36m',
  strong: '\u001b[1m',
};
const RESET = '\u001b[0m';
const TAB_WIDTH = 4;

/**
 * Shows a diagnostic in its source: code and message, place, the line with the span marked, and what helps.
 *
 * @param text the source that the diagnostic is about
 * @returns lines without a final line end; tabs are shown as four spaces
 */
export function renderDiagnostic(diagnostic: Diagnostic, text: string, options: RenderOptions = {}): string {
  const paint = (style: Style, part: string): string =>
    options.color ? `${STYLES[style]}${part}${RESET}` : part;
  const { severity, code, message, location, cause, help } = diagnostic;
  const number = String(location.row);
  const gutter = ' '.repeat(number.length);
  const bar = paint('frame', '|');
  const lines = [
    `${paint(severity, `${severity}[${code}]`)}${paint('strong', `: ${message}`)}`,
    `${gutter}${paint('frame', '-->')} ${location.file}:${location.row}:${location.column}`,
  ];
  const line = lineAt(text, location.start);
  if (line) {
    const marked = caret(line, location);
    lines.push(`${gutter} ${bar}`);
    lines.push(`${paint('frame', number)} ${bar} ${expand(line.text)}`.trimEnd());
    lines.push(`${gutter} ${bar} ${' '.repeat(marked.indent)}${paint(severity, '^'.repeat(marked.length))}`);
  }
  if (cause) lines.push(`${gutter} = ${paint('strong', 'cause:')} ${cause}`);
  if (help) lines.push(...note(gutter, paint('strong', 'help:'), help));
  return lines.join('\n');
}

interface Line {
  readonly text: string;
  readonly start: number;
}

function lineAt(text: string, offset: number): Line | undefined {
  if (text === '') return undefined;
  const at = Math.min(offset, text.length);
  const start = text.lastIndexOf('\n', at - 1) + 1;
  const next = text.indexOf('\n', at);
  const line = text.slice(start, next < 0 ? text.length : next).replace(/\r$/, '');
  return { text: line, start };
}

function expand(text: string): string {
  return text.replaceAll('\t', ' '.repeat(TAB_WIDTH));
}

/** Where the span lies in the shown line, in characters; a span over several lines is marked to the end of the first. */
function caret(line: Line, { start, end }: Diagnostic['location']): { indent: number; length: number } {
  const width = (part: string): number => [...expand(part)].length;
  const from = Math.max(0, start - line.start);
  const to = Math.min(line.text.length, end - line.start);
  return { indent: width(line.text.slice(0, from)), length: Math.max(1, width(line.text.slice(from, to))) };
}

function note(gutter: string, label: string, text: string): string[] {
  const [first = '', ...rest] = text.split('\n');
  return [`${gutter} = ${label} ${first}`, ...rest.map((line) => `${gutter}   ${line}`)];
}
