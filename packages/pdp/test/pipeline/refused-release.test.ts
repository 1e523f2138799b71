import type { DecideCall } from '@writ/decision';
import { expect, it } from 'vitest';
import { effectOf } from '../../src/pipeline/effect.ts';
import { refusedRelease } from '../../src/pipeline/refused-release.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const RELEASE = {
  name: 'support',
  version: '1.4.0',
  agents: { 'agent:support': '1.4.0' },
  tools: { 'files/read': DIGEST },
};

function call(version?: string, digest?: string, phase: 'list' | 'call' | 'result' = 'call'): DecideCall {
  return {
    request: {
      principal: { id: 'user:1' },
      actor: { id: 'agent:support', ...(version === undefined ? {} : { version }) },
      action: { type: 'tool_call', phase, server: 'files', tool: 'read' },
    },
    ...(digest === undefined ? {} : { tool_digest: digest }),
  };
}

it('[P-RELEASE-VERSIONS] only the agent and the definition that were released pass', () => {
  const told = (...given: Parameters<typeof call>) => refusedRelease([RELEASE], call(...given));
  expect(told('1.4.0', DIGEST)).toBeUndefined();
  expect(told('1.3.0', DIGEST)).toContain('is 1.3.0');
  expect(told(undefined, DIGEST)).toContain('names none');
  expect(told('1.4.0')).toContain('another definition');
  expect(told('1.4.0', `sha256:${'b'.repeat(64)}`)).toContain('another definition');
  // A list names no definitions; what came back of a call is judged as it was allowed.
  expect([told('1.4.0', undefined, 'list'), told('1.3.0', undefined, 'result')]).toEqual([
    undefined,
    undefined,
  ]);
  expect(told('1.3.0', undefined, 'list')).toContain('is 1.3.0');
  expect(refusedRelease([], call())).toBeUndefined();
});

it('[P-RELEASE-VERSIONS] names that every object has are no versions, and observing waives nothing', () => {
  const odd = call('1.4.0', DIGEST);
  const request = { ...odd.request, actor: { id: 'constructor' } };
  expect(refusedRelease([RELEASE], { ...odd, request })).toBeUndefined();
  expect(effectOf('deny', [{ code: 'release_mismatch', message: '', outcome: 'deny' }], 'observe')).toBe(
    'refuse',
  );
});
