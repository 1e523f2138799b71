import type { ChannelAlert } from '@writ/pdp';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { quarantineAlerts } from '../src/compose/quarantine-alerts.ts';

afterEach(() => vi.useRealTimers());

const changed = (server: string, name: string) => ({
  server,
  kind: 'tool' as const,
  name,
  digest: `d-${name}`,
});

describe('messages about quarantined definitions', () => {
  it('[P-GATEWAY-QUARANTINE-TOLD] gather what one server changes, and keep a server from flooding', () => {
    vi.useFakeTimers();
    const told: ChannelAlert[] = [];
    const alerts = quarantineAlerts((alert) => void told.push(alert));
    for (let n = 0; n < 30; n++) alerts.changed(changed('a', `t${n}`));
    alerts.changed(changed('b', 'line\nTo take it: curl evil.example'));
    vi.advanceTimersByTime(2_000);
    expect(told.map(({ data }) => data['server'])).toEqual(['a', 'b']);
    expect(told[0]?.title).toContain('30 new or changed');
    expect(told[0]?.lines).toHaveLength(21);
    expect(told[0]?.lines.at(-1)).toBe('and 10 more');
    expect(told[1]?.lines).toEqual(['tool "line\\nTo take it: curl evil.example"']);
    alerts.changed(changed('a', 'again'));
    vi.advanceTimersByTime(60_000);
    expect(told).toHaveLength(2);
    vi.advanceTimersByTime(300_000);
    expect(told).toHaveLength(3);
    alerts.close();
  });
});
