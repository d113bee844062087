/** Makes dist/: one ES module, and its types. */

import { build } from "esbuild";
import { execFileSync } from "node:child_process";
import { copyFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL(".", import.meta.url)));
rmSync("dist", { recursive: true, force: true });
await build({
  entryPoints: ["src/index.ts"],
  outfile: "dist/index.js",
  bundle: true,
  format: "esm",
  target: "es2022",
  platform: "neutral",
});
const types = ["--noEmit", "false", "--declaration", "--emitDeclarationOnly", "--outDir", "dist", "--rootDir", "src"];
execFileSync("npx", ["tsc", "--project", "tsconfig.build.json", ...types], { stdio: "inherit" });
// tsc reads declarations, and does not copy them.
copyFileSync("src/schema.d.ts", "dist/schema.d.ts");
