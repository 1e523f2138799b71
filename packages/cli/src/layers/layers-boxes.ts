import type { LayersView } from '@writ/pdp';
import { LAYER_QUESTIONS, whenText } from './layers-text.ts';

const WIDTH_MIN = 52;
const WIDTH_MAX = 100;

/** The layers as boxes, one below the other in the order in which they are asked; at most 100 columns wide. */
export function layersBoxes({ layers }: LayersView): string[] {
  const boxes = layers.map(({ layer, entrypoints }) => ({
    title: ` ${layer}: ${LAYER_QUESTIONS[layer]} `,
    lines:
      entrypoints.length === 0
        ? ['no opinion: no bundle stands here']
        : entrypoints.map((entrypoint) => {
            const { kind, path, bundle, mode } = entrypoint;
            const when = whenText(entrypoint);
            const marks = mode === 'observe' ? '  OBSERVES' : '';
            return `${kind.padEnd(12)} ${path}  [${bundle}]${when === '' ? '' : `  ${when}`}${marks}`;
          }),
  }));
  const longest = boxes.flatMap(({ title, lines }) => [
    title.length + 2,
    ...lines.map(({ length }) => length + 2),
  ]);
  const width = Math.min(WIDTH_MAX - 2, Math.max(WIDTH_MIN, ...longest));
  const arrow = ' '.repeat(Math.floor(width / 2) + 1);
  return [
    `${arrow}│ request`,
    ...boxes.flatMap(({ title, lines }) => [
      `┌─${title}${'─'.repeat(Math.max(0, width - title.length - 1))}┐`,
      ...lines.map((line) => `│ ${cut(line, width - 2).padEnd(width - 1)}│`),
      `└${'─'.repeat(Math.floor(width / 2))}┬${'─'.repeat(width - Math.floor(width / 2) - 1)}┘`,
    ]),
    `${arrow}▼ the strictest opinion wins: deny > step_up > escalate > sanitize > allow; no grant, no call`,
  ];
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
