import type { ChangedTool } from '@writ/gateway';

/** The alert of a tool that is not as it was pinned, in one line. */
export function changedToolLine({ server, tool }: ChangedTool): string {
  const name = JSON.stringify(tool);
  return `tool ${name} of server ${server} is new or changed, and quarantined; look at it: writ mcp diff`;
}
