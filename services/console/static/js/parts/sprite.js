/** Frames out of a video's sprite. */

/**
 * @typedef {{tile_width: number, tile_height: number, columns: number, frames: number}} Sprite
 */

/**
 * Show one frame of the sprite as an element's background, filling it as `object-fit: cover` would.
 * @param {HTMLElement} element @param {string} videoId @param {Sprite} sprite @param {number} frame
 * @param {number} width @param {number} height pixels of the element
 */
export function showFrame(element, videoId, sprite, frame, width, height, fit = "cover") {
  const scales = [width / sprite.tile_width, height / sprite.tile_height];
  const scale = fit === "cover" ? Math.max(...scales) : Math.min(...scales);
  const [tileWidth, tileHeight] = [sprite.tile_width * scale, sprite.tile_height * scale];
  const rows = Math.ceil(sprite.frames / sprite.columns);
  const [column, row] = [frame % sprite.columns, Math.floor(frame / sprite.columns)];
  element.style.backgroundImage = `url("/v1/videos/${videoId}/sprite")`;
  element.style.backgroundSize = `${tileWidth * sprite.columns}px ${tileHeight * rows}px`;
  element.style.backgroundPosition = `${(width - tileWidth) / 2 - column * tileWidth}px ${(height - tileHeight) / 2 - row * tileHeight}px`;
}
