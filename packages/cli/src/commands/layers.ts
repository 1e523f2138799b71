import type { LayersView } from '@writ/pdp';
import { Command } from 'commander';
import { type CommandContext, type Formats, withAction } from '../command.ts';
import { bundleSources } from '../compose/bundle-sources.ts';
import { dataDirectory, operatorClient, type ServiceOptions } from '../compose/operator-client.ts';
import { findService } from '../compose/service-file.ts';
import { serviceFromConfig } from '../compose/service-from-config.ts';
import { readConfig } from '../config/read-config.ts';
import { EXIT } from '../exit-status.ts';
import { layersMermaid } from '../layers/layers-mermaid.ts';
import { type OfflineLayers, readLayers } from '../layers/read-layers.ts';
import { showLayers, showOverrides } from '../layers/show-layers.ts';
import type { Output } from '../output/output.ts';
import { addServiceOptions } from './service-options.ts';

interface LayersOptions extends ServiceOptions {
  readonly bundle?: readonly string[];
  readonly offline?: boolean;
  readonly overrides?: boolean;
}

const FORMATS: Formats = {
  flag: '--format <format>',
  choices: ['pretty', 'json', 'mermaid'],
  initial: 'pretty',
  about: 'pretty for people, json for programs, mermaid for pages',
};

/** `writ layers`: the five layers with their bundles, live or as the configuration has them. */
export function layersCommand(): Command {
  const command = addServiceOptions(new Command('layers'))
    .description(
      'The five layers: which bundles stand in each, who answers for them, whether they were reviewed and signed',
    )
    .option(
      '--bundle <dir>',
      'these bundles, not those of a running service; may be repeated',
      (dir: string, before?: string[]) => [...(before ?? []), dir],
    )
    .option('--offline', 'as the configuration names them, without asking a service')
    .option('--overrides', 'list the stated overrides')
    .addHelpText(
      'after',
      '\nWithout a running service the bundles of writ.yaml are read.\n\nExamples:\n  npx writ layers\n  npx writ layers --overrides\n  npx writ layers --bundle policies --format mermaid\n\nStatus 1: what was read would not activate.',
    );
  return withAction(
    command,
    async ({ output, format }: CommandContext, options: LayersOptions) => {
      const found = await layersFor(options, output);
      const { view, refused } = found;
      output.json(refused === undefined ? view : { ...view, refused });
      if (format === 'mermaid') for (const line of layersMermaid(view)) output.line(line);
      else if (options.overrides === true) showOverrides(output, view);
      else showLayers(output, view);
      for (const name of found.unread)
        output.note(`writ: bundle \`${name}\` is published elsewhere: start the service to see it`);
      if (refused === undefined) return EXIT.ok;
      output.note(`${output.style('red', 'these bundles do not activate')}\n${refused}`);
      return EXIT.no;
    },
    FORMATS,
  );
}

async function layersFor(options: LayersOptions, output: Output): Promise<OfflineLayers> {
  if (options.bundle !== undefined) return readLayers(sourcesOf(options.bundle));
  const isLive = options.url !== undefined || findService(dataDirectory(options)) !== undefined;
  if (options.offline !== true && isLive) {
    const view = (await operatorClient(options).get('/v1/layers')) as LayersView;
    return { view, unread: [] };
  }
  if (options.offline !== true)
    output.note('writ: no service runs here; shown is what the configuration names');
  const { bundles, overrides } = serviceFromConfig(readConfig(options.config), {
    ...(options.data === undefined ? {} : { data: options.data }),
  });
  return readLayers(bundles, overrides);
}

function sourcesOf(paths: readonly string[]) {
  const folder = process.cwd();
  return bundleSources({ bundles: undefined, folder, dataDirectory: folder, production: false, paths });
}
