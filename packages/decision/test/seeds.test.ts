import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { combine, type Json, type JsonObject, PROFILES, readAnswer, readStrict } from '../src/index.ts';

/** The texts that the mission rests on; they lie beside the repository and are no part of it. */
const SEEDS = new URL('../../../../shared/seeds/', import.meta.url);
const present = existsSync(SEEDS);

/** The JSON objects printed in a text, from each line that is `{` alone to its closing brace. */
function objectsIn(prefix: string): readonly JsonObject[] {
  const name = readdirSync(SEEDS).find((file) => file.startsWith(prefix));
  const lines = readFileSync(new URL(name as string, SEEDS), 'utf8').split('\n');
  return lines.flatMap((line, start) => {
    if (line !== '{') return [];
    const end = lines.indexOf('}', start);
    const read = readStrict(
      lines
        .slice(start, end + 1)
        .join('\n')
        .replaceAll('{ ... }', '{}'),
    );
    return read.ok ? [read.value as JsonObject] : [];
  });
}

describe.skipIf(!present)(
  `documents printed in the seeds${present ? '' : ' (skipped: ../shared/seeds is not here)'}`,
  () => {
    test('002: its input is a `gateway/v1` document, its answers are read', () => {
      const [input, allowed, denied] = objectsIn('002');
      const read = PROFILES['gateway/v1'].fromInput(input as Json);
      if (!read.ok) throw new Error(read.problem);
      expect(read.request.actor).toEqual({ id: 'agent_id', scope: 'domain_scope', owner_team: 'team_id' });
      expect(read.request.context?.turn_count).toBe(7);
      expect(PROFILES['gateway/v1'].toInput(read.request)).toEqual(input);
      const asked = { layer: 'resource', bundle: 'b', rule: 'r', kind: 'grant' } as const;
      const options = { phase: 'call', subject: { principal: 'u', actor: 'a' }, nowMs: 0 } as const;
      const yes = combine([{ ...asked, opinion: readAnswer('grant', allowed) }], options);
      expect(yes).toMatchObject({
        outcome: 'allow',
        advice: { rate_limit_remaining: 47, audit_required: true },
      });
      expect(yes.reasons.map((reason) => reason.code)).toEqual(['agent_in_scope', 'data_class_authorized']);
      const no = combine([{ ...asked, opinion: readAnswer('grant', denied) }], options);
      expect(no).toMatchObject({
        outcome: 'deny',
        remediation: 'request_elevated_data_access',
        advice: { appeal_path: 'ticket_url' },
        reasons: [{ code: 'data_class_unauthorized_for_user' }],
      });
    });

    test('004: the input of its decision record is a `spiffe/v1` document', () => {
      const record = objectsIn('004').find((object) => 'decision_id' in object);
      const read = PROFILES['spiffe/v1'].fromInput(record?.['input'] as Json);
      if (!read.ok) throw new Error(read.problem);
      expect(read.request).toMatchObject({
        actor: { id: 'spiffe://poc.local/agents/mcp-client/dspy-researcher/dev' },
        action: {
          type: 'tool_call',
          tool: 'http_request',
          destination: { host: 'evil-exfiltration.example.com' },
        },
        context: { request_count: 14, risk_score: 0.32 },
      });
      expect(PROFILES['spiffe/v1'].toInput(read.request)).toEqual(record?.['input']);
    });
  },
);
