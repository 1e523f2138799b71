import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * A Python with the packages named (`httpx==0.28.1`), in a virtual environment that is made once and kept in
 * `cacheFolder`; says why where there is none.
 */
export async function findPython(
  packages: readonly string[],
  cacheFolder: string,
): Promise<{ readonly python: string } | { readonly skip: string }> {
  const folder = join(cacheFolder, `python-${packages.join('-').replace(/[^\w.-]/g, '')}`);
  const python = join(folder, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  if (existsSync(python)) return { python };
  try {
    await run('python3', ['--version']);
  } catch {
    return { skip: 'Python 3 is not installed: install it to run the Python client tests' };
  }
  // Made beside and moved into place, so that two test files at once never see half of it.
  const making = `${folder}.${process.pid}`;
  mkdirSync(cacheFolder, { recursive: true });
  try {
    await run('python3', ['-m', 'venv', making]);
    await run(join(making, 'bin/python'), [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      ...packages,
    ]);
    if (!existsSync(folder)) renameSync(making, folder);
  } catch (error) {
    const message = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return { skip: `the Python packages ${packages.join(', ')} can't be installed (${message})` };
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  return { python };
}
