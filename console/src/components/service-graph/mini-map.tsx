/** The whole picture, small, with what is seen of it; press or drag to look elsewhere. */
import { useComputed } from "@preact/signals";
import { memo } from "./memo";
import { type Box, boxOf, type Scene } from "./scene";
import styles from "./service-graph.module.css";
import type { Viewport } from "./viewport";

const WIDTH = 168;
const HEIGHT = 116;

export function MiniMap({ scene, viewport }: { scene: Scene; viewport: Viewport }) {
  const box = boxOf(scene);
  if (!box) return null;
  const look = (event: PointerEvent) => {
    const element = event.currentTarget as SVGSVGElement;
    const { left, top, width, height } = element.getBoundingClientRect();
    const scale = Math.max((box.right - box.left) / width, (box.bottom - box.top) / height);
    viewport.centre({
      x: (box.left + box.right) / 2 + (event.clientX - left - width / 2) * scale,
      y: (box.top + box.bottom) / 2 + (event.clientY - top - height / 2) * scale,
    });
  };
  return (
    <svg
      class={styles.miniMap}
      width={WIDTH}
      height={HEIGHT}
      viewBox={`${box.left} ${box.top} ${box.right - box.left} ${box.bottom - box.top}`}
      aria-hidden="true"
      onPointerDown={event => {
        (event.currentTarget as SVGSVGElement).setPointerCapture(event.pointerId);
        event.stopPropagation();
        look(event);
      }}
      onPointerMove={event => event.buttons > 0 && look(event)}
    >
      <Dots scene={scene} />
      <Frame viewport={viewport} box={box} />
    </svg>
  );
}

const Dots = memo(({ scene }: { scene: Scene }) => (
  <g>
    {scene.nodes.map(({ drawn, x, y }) => (
      <circle key={drawn.node.id} class={styles[`dot-${drawn.health}`]} cx={x} cy={y} r={drawn.radius} />
    ))}
  </g>
));

function Frame({ viewport, box }: { viewport: Viewport; box: Box }) {
  const { view } = viewport;
  const at = useComputed(() => {
    const { zoom, x, y } = view.value;
    const { width, height } = viewport.size();
    return { x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom };
  });
  const { x, y, width, height } = at.value;
  const line = Math.max((box.right - box.left) / WIDTH, (box.bottom - box.top) / HEIGHT) * 1.5;
  return <rect class={styles.frame} x={x} y={y} width={width} height={height} stroke-width={line} />;
}
