export { findBundlePaths, readBundles } from './compose/find-bundles.ts';
export { type ServiceOverrides, serviceFromConfig } from './compose/service-from-config.ts';
export type { ListenAddress, Service, ServiceEvents, ServiceOptions } from './compose/service-options.ts';
export { startService } from './compose/start-service.ts';
export { type Config, configJsonSchema, configSchema } from './config/config.ts';
export { type LoadedConfig, parseConfig, readConfig } from './config/read-config.ts';
export { CommandError, EXIT } from './exit-status.ts';
export { createProgram } from './program.ts';
export { testBundle } from './test-bundle.ts';
