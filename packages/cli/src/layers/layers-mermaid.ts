import type { LayersView } from '@writ/pdp';
import { LAYER_QUESTIONS, whenText } from './layers-text.ts';

/** The layers as a Mermaid flowchart, for pages and pull requests. */
export function layersMermaid({ layers }: LayersView): string[] {
  return [
    'flowchart TD',
    '  request([request])',
    ...layers.flatMap(({ layer, entrypoints }) => [
      `  subgraph ${layer}["${layer}: ${LAYER_QUESTIONS[layer]}"]`,
      ...(entrypoints.length === 0
        ? [`    ${layer}0["no opinion"]`]
        : entrypoints.map((entrypoint, index) => {
            const when = whenText(entrypoint);
            const { kind, path, bundle, mode } = entrypoint;
            const marks = mode === 'observe' ? '<br/>OBSERVES' : '';
            const label = `${kind} ${path}<br/>${bundle}${when === '' ? '' : `<br/>${when}`}`;
            return `    ${layer}${index}["${escaped(label)}${marks}"]`;
          })),
      '  end',
    ]),
    `  request --> ${layers.map(({ layer }) => layer).join(' --> ')} --> combined{{strictest wins}}`,
    '  combined --> outcome([allow, sanitize, escalate, step up or deny])',
  ];
}

/** Names come from bundles: none ends a label or begins another line. */
function escaped(text: string): string {
  return text
    .replaceAll('#', '#35;')
    .replaceAll('"', '#quot;')
    .replaceAll(/<(?!br\/>)/g, '#lt;')
    .replaceAll(/[\r\n]/g, ' ');
}
