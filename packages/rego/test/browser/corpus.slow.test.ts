import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { OracleCase } from '@writ/testing';
import { findChromium, isSkip, type Oracle, startOracle } from '@writ/testing';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compilePolicy } from '../../src/index.ts';
import { nodeCrypto, nodeNetwork } from '../../src/node.ts';
import type { CaseOutcome } from '../support/corpus-case.ts';
import { runCaseOn } from '../support/corpus-case.ts';
import { bundle, bundleSizes } from './bundle.ts';
import type { PageReport } from './page.ts';

/** Builtins whose host is Node's synchronous cryptography; the browser's own is asynchronous. */
const NOT_IN_BROWSERS =
  /\b(?:http\.send|net\.lookup_ip_addr|io\.jwt\.(?:verify_\w+|decode_verify|encode_sign(?:_raw)?)|crypto\.x509\.\w+|crypto\.parse_private_keys)\b/;

const POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'";

const found = findChromium();
const started = typeof found === 'string' ? await startOracle() : found;
const reason = isSkip(started) ? started.skip : undefined;
let oracle: Oracle;
let server: Server;
let browser: Browser;

beforeAll(async () => {
  if (isSkip(started) || typeof found !== 'string') return;
  oracle = started;
  const script = await bundle(join(import.meta.dirname, 'page.ts'));
  server = createServer((request, response) => {
    const send = (type: string, body: string): void => {
      response.writeHead(200, { 'content-type': type, 'content-security-policy': POLICY });
      response.end(body);
    };
    if (request.url === '/')
      send('text/html', '<!doctype html><script type="module" src="/page.js"></script>');
    else if (request.url === '/page.js') send('text/javascript', script);
    else
      void oracle
        .cases(request.url?.endsWith('v0') ? 'v0' : 'v1')
        .then((cases) => send('application/json', JSON.stringify(cases)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  browser = await chromium.launch({ executablePath: found, args: ['--no-sandbox'] });
});
afterAll(async () => {
  await browser?.close();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  if (!isSkip(started)) await oracle?.stop();
});

function textOf({ modules, query }: OracleCase): string {
  return [...(modules ?? []), query].join('\n');
}

async function runInPage(corpus: 'v0' | 'v1'): Promise<PageReport> {
  const page = await browser.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  await page.waitForFunction(() => 'runCorpus' in globalThis);
  const report = await page.evaluate(
    (name) => (globalThis as unknown as { runCorpus(name: string): Promise<PageReport> }).runCorpus(name),
    corpus,
  );
  await page.close();
  expect(faults).toEqual([]);
  return report;
}

describe.skipIf(reason !== undefined)(
  `the engine in Chromium, where no code can be made from text${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  () => {
    test.each(['v0', 'v1'] as const)('[P-REGO-BROWSER] OPA’s corpus goes as on Node: %s', async (corpus) => {
      const cases = await oracle.cases(corpus);
      const report = await runInPage(corpus);
      expect(report).toMatchObject({ backend: 'closures', madeCode: false });
      const ground = {
        compile: (sources: Parameters<typeof compilePolicy>[0]) =>
          compilePolicy(sources, { backend: 'closures' }),
        network: nodeNetwork(),
        host: { crypto: nodeCrypto },
      };
      const onNode: CaseOutcome[] = [];
      for (const one of cases) onNode.push(await runCaseOn(ground, one.case, corpus === 'v0' ? 0 : 1));
      const others = cases.flatMap(({ case: one }, index) => {
        const [here, there] = [onNode[index], report.outcomes[index]];
        return here?.kind === there?.kind ? [] : [{ note: one.note, here, there, text: textOf(one) }];
      });
      const unexplained = others.filter(({ text }) => !NOT_IN_BROWSERS.test(text));
      expect(unexplained).toEqual([]);
      const without = new Set(others.map(({ text }) => NOT_IN_BROWSERS.exec(text)![0]));
      const passed = report.outcomes.filter(({ kind }) => kind === 'pass').length;
      console.log(
        `${corpus}: ${passed} of ${cases.length} cases pass in Chromium; ${others.length} need Node's cryptography: ${[...without].sort().join(', ')}`,
      );
    });
  },
);

test('what the engine weighs', async () => {
  for (const { name, minifiedKb, gzippedKb } of await bundleSizes()) {
    console.log(`${name}: ${minifiedKb.toFixed(0)} kB minified, ${gzippedKb.toFixed(0)} kB compressed`);
    expect(minifiedKb).toBeGreaterThan(0);
  }
});
