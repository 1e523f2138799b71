export { findChromium } from './chromium.ts';
export { atEndOfFile } from './end-of-file.ts';
export { isSkip, type Skip } from './go-build.ts';
export {
  findOpa,
  isOracleFailure,
  type LocatedCase,
  type Oracle,
  type OracleCase,
  type OracleCheck,
  type OracleCompileCase,
  type OracleError,
  type OracleFailure,
  type OracleFormatQuestion,
  type OracleFormatted,
  type OracleMeasurement,
  type OracleProgram,
  type OracleProgramAnswer,
  type OracleProgramAnswers,
  type OracleProgramResult,
  type OracleQuestion,
  type OracleResult,
  type OracleValue,
  type OracleWeight,
  opaSources,
  startOracle,
} from './opa-oracle.ts';
export { findPython } from './python.ts';
export { loadSeedPython, type SeedPython } from './seed-python.ts';
export { loadSeedPolicies, mendTutorial, type SeedPolicies, type SeedPolicy } from './seeds.ts';
export { type PostgresServer, postgresMissing, startPostgres } from './start-postgres.ts';
export { type RunningWrit, startWrit } from './start-writ.ts';
export {
  nameOf,
  packEntries,
  refilled,
  renamed,
  type TamperedArchive,
  type TarEntry,
  tamperedArchives,
  tarEntries,
  textOf,
  withHeader,
} from './tampered-archive.ts';
