import { durable } from './first-light/durable.ts';
import { evaluation } from './first-light/evaluation.ts';
import { http } from './first-light/http.ts';
import { mcp } from './first-light/mcp.ts';
import { type Section, withGround } from './first-light/section.ts';
import type { BenchReport, Figure } from './measure.ts';

const SECTIONS: readonly Section[] = [evaluation, durable, http, mcp];

/**
 * The main path in one run, each beside what it is to be measured against: the policy beside a function written by
 * hand, the durable decision beside a bare file, HTTP beside a real OPA, MCP beside no Writ and a bare proxy.
 */
export function run(): Promise<BenchReport> {
  return withGround(async (ground) => {
    const figures: Figure[] = [];
    const leftOut: string[] = [];
    for (const section of SECTIONS) {
      const report = await section(ground);
      figures.push(...report.figures);
      leftOut.push(...report.leftOut);
    }
    return { figures, leftOut };
  });
}
