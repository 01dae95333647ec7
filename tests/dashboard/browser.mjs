// A headless Chromium: the one that is inside of an npm package, unpacked beside it once.
import { createReadStream, createWriteStream, existsSync, renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';

/** Launches it. `modules` is the folder that the packages are installed in. */
export async function launch(modules) {
  const { chromium } = createRequire(join(modules, 'here.js'))('playwright-core');
  return chromium.launch({ executablePath: await unpacked(join(modules, '@sparticuz/chromium/bin')) });
}

async function unpacked(folder) {
  const executable = join(folder, 'chromium');
  if (!existsSync(executable)) {
    // Under a name of its own until it is whole: others may unpack it at the same time.
    const part = `${executable}.${process.pid}`;
    await pipeline(createReadStream(`${executable}.br`), createBrotliDecompress(), createWriteStream(part, { mode: 0o755 }));
    renameSync(part, executable);
  }
  return executable;
}
