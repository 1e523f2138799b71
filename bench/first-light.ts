import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { durable } from './first-light/durable.ts';
import { evaluation } from './first-light/evaluation.ts';
import { http } from './first-light/http.ts';
import { mcp } from './first-light/mcp.ts';
import { type Ground, REPOSITORY, type Section } from './first-light/section.ts';
import type { BenchReport, Figure } from './measure.ts';

const SECTIONS: readonly Section[] = [evaluation, durable, http, mcp];

/**
 * The main path in one run, each beside what it is to be measured against: the policy beside a function written by
 * hand, the durable decision beside a bare file, HTTP beside a real OPA, MCP beside no Writ and a bare proxy.
 */
export async function run(): Promise<BenchReport> {
  const cache = join(REPOSITORY, 'node_modules/.cache/writ');
  mkdirSync(cache, { recursive: true });
  // Not the system's temporary folder: that may be memory, where syncing costs nothing.
  const folder = mkdtempSync(join(cache, 'bench-'));
  const ground: Ground = { folder, cleanup: [() => rmSync(folder, { recursive: true, force: true })] };
  const figures: Figure[] = [];
  const leftOut: string[] = [];
  try {
    for (const section of SECTIONS) {
      const report = await section(ground);
      figures.push(...report.figures);
      leftOut.push(...report.leftOut);
    }
    return { figures, leftOut };
  } finally {
    for (let step = ground.cleanup.pop(); step !== undefined; step = ground.cleanup.pop()) await step();
  }
}
