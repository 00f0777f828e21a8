/** Draws Graphviz source with Graphviz's own layout, compiled to WebAssembly. It is loaded only when something is drawn. */
export const svgOf = async (dot: string): Promise<string> => {
  const { Graphviz } = await import('@hpcc-js/wasm-graphviz');
  const svg = (await Graphviz.load()).layout(dot, 'svg', 'dot');
  // Graphviz knows how wide a letter is only for one name, a browser wants others to fall back on.
  return svg
    .replaceAll('font-family="Courier"', 'font-family="Courier New,Liberation Mono,monospace"')
    .replaceAll('font-family="Helvetica"', 'font-family="Helvetica,Arial,sans-serif"');
};
