import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LAYERS, type Layer, nearestName } from '@writ/decision';
import { CommandError, EXIT } from '../exit-status.ts';
import type { Output } from '../output/output.ts';
import { copyTemplate } from './copy-template.ts';

/** Where the five bundles stand: the one source of what `writ init --layers`, the tour and the examples use. */
export const LAYERS_TEMPLATE = fileURLToPath(new URL('../../templates/layers', import.meta.url));

/** Dates in the template that stand for the day on which a project is made, and for 30 days after it. */
const DAY_MADE = '2000-01-01';
const DAY_AFTER = '2000-01-31';
const EXAMPLE_DAYS = 30;

export interface LayersInit {
  readonly layers?: boolean;
  readonly template?: string;
}

/** Copies the whole template, or one layer's bundle, into a folder; days of review and expiry count from now. */
export function makeLayers(folder: string, only?: Layer): readonly string[] {
  const files =
    only === undefined
      ? copyTemplate(LAYERS_TEMPLATE, folder)
      : copyTemplate(join(LAYERS_TEMPLATE, only), join(folder, only), '').map((file) => `${only}/${file}`);
  const day = (offset: number): string =>
    new Date(Date.now() + offset * 24 * 3_600_000).toISOString().slice(0, 10);
  for (const path of files.filter((file) => /\.manifest$|data\.json$/.test(file))) {
    const file = join(folder, path);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replaceAll(DAY_MADE, day(0)).replaceAll(DAY_AFTER, day(EXAMPLE_DAYS)));
  }
  return files;
}

/** `writ init --layers` and `writ init --template LAYER`. */
export function initLayers(output: Output, folder: string, dir: string, options: LayersInit): number {
  const { template } = options;
  const layer = template === undefined ? undefined : layerNamed(template);
  if (layer !== undefined && existsSync(join(folder, layer)))
    throw new CommandError(
      EXIT.badInput,
      `${join(folder, layer)} is there already`,
      'name another folder; nothing was written',
    );
  const files = makeLayers(folder, layer);
  output.json({ folder, files: layer === undefined ? [...files, '.gitignore'] : files });
  output.line(`Made ${files.length} files in ${folder}:`);
  for (const file of files) output.line(`  ${file}`);
  output.line();
  output.line('Next:');
  if (dir !== '.') output.line(`  cd ${dir}`);
  for (const line of layer === undefined ? ALL_NEXT : nextFor(layer)) output.line(`  ${line}`);
  return EXIT.ok;
}

const ALL_NEXT = [
  'npx writ layers',
  'npx writ test .',
  'npx writ decide --explain requests/overwrite.json',
  'npx writ serve',
];

function nextFor(layer: Layer): string[] {
  return [
    `npx writ test ${layer}`,
    'and in writ.yaml, under `bundles`:',
    `  - { name: ${layer}, directory: ${layer}, layers: [${layer}] }`,
  ];
}

function layerNamed(name: string): Layer {
  const layer = LAYERS.find((each) => each === name);
  if (layer !== undefined) return layer;
  const nearest = nearestName(name, LAYERS);
  throw new CommandError(
    EXIT.usage,
    `--template must be one of ${LAYERS.join(', ')}, not \`${name}\``,
    nearest === undefined ? undefined : `did you mean \`${nearest}\`?`,
  );
}
