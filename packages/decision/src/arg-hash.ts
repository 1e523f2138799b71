import { canonicalJson } from './canonical-json.ts';
import type { Json } from './contract.ts';

/**
 * SHA-256 of the UTF-8 form of a text, as lower-case hexadecimal. Given by the caller, so that this package needs
 * neither Node nor a second implementation: `(text) => crypto.hash('sha256', text, 'hex')` in Node.
 */
export type Sha256Hex = (text: string) => string;

/**
 * `sha256:<hex>` over the RFC 8785 form of a value: the `arg_hash` of arguments as they would be forwarded, the
 * `forwarded_hash` of the redacted ones, the digest of a tool's definition.
 */
export function hashJson(value: Json, sha256Hex: Sha256Hex): string {
  return `sha256:${sha256Hex(canonicalJson(value))}`;
}

/** `hashJson` of a tool's definition as the agent sees it: `{name, description?, inputSchema?}` and nothing else. */
export function hashToolDefinition(
  tool: { readonly name: string; readonly description?: string; readonly inputSchema?: Json },
  sha256Hex: Sha256Hex,
): string {
  const definition: Record<string, Json> = { name: tool.name };
  if (tool.description !== undefined) definition['description'] = tool.description;
  if (tool.inputSchema !== undefined) definition['inputSchema'] = tool.inputSchema;
  return hashJson(definition, sha256Hex);
}
