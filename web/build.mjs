/**
 * Builds the element and the pages into `dist/`, which is committed: whoever only runs or embeds it needs no Node.
 * `node build.mjs [folder]` writes to another folder; `--sizes` prints what each file weighs.
 */

import { copyFile, mkdir, readFile, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const [folder = "dist"] = process.argv.slice(2).filter((argument) => !argument.startsWith("--"));
const out = resolve(here, folder);

const common = {
  absWorkingDir: here,
  bundle: true,
  // The client as it is here, not as it was built.
  conditions: ["source"],
  format: "esm",
  target: ["es2022", "chrome123", "firefox125", "safari17.5"],
  charset: "utf8",
  minify: true,
  legalComments: "none",
  logLevel: "warning",
};

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await Promise.all([
  build({
    ...common,
    entryPoints: { "office-search-box": "src/box/index.ts", page: "src/page/page.ts", store: "src/store/store.ts" },
    loader: { ".css": "text" },
    outdir: out,
  }),
  build({ ...common, entryPoints: { page: "src/page/page.css", store: "src/store/store.css" }, outdir: out }),
  copyFile(join(here, "src/page/index.html"), join(out, "index.html")),
  copyFile(join(here, "src/store/store.html"), join(out, "store.html")),
]);

if (process.argv.includes("--sizes")) {
  for (const name of ["office-search-box.js", "page.js", "page.css", "index.html", "store.js", "store.css", "store.html"]) {
    const content = await readFile(join(out, name));
    console.log(`${name.padEnd(22)} ${String(content.length).padStart(7)} bytes, ${gzipSync(content, { level: 9 }).length} gzipped`);
  }
}
