declare module "*.css" {
  /** The file's text, minified by the bundler. */
  const text: string;
  export default text;
}
