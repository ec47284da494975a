import { Icon } from "../../components/icon/icon";
import { address, hrefOf } from "../navigation";
import { CONFIGURE, PLACES, type Place } from "../places";
import styles from "./navigation-list.module.css";
import { useOpenInsights } from "./open-insights";

/** Links to the pages; how many insights are open stands beside theirs. */
export function NavigationList({ onFollow }: { onFollow?: () => void }) {
  const insights = useOpenInsights();
  return (
    <div class={styles.navigation}>
      <ul>
        {PLACES.map(place => (
          <Entry
            key={place.label}
            place={place}
            count={place.route.page === "insights" ? insights : 0}
            onFollow={onFollow}
          />
        ))}
      </ul>
      <h2 class={styles.heading}>Configure</h2>
      <ul>
        {CONFIGURE.map(place => (
          <Entry key={place.label} place={place} count={0} onFollow={onFollow} />
        ))}
      </ul>
    </div>
  );
}

function Entry(props: { place: Place; count: number; onFollow: (() => void) | undefined }) {
  const { place, count } = props;
  const isHere = place.covers.includes(address.value.route.page);
  return (
    <li>
      <a
        class={styles.entry}
        href={hrefOf({ route: place.route })}
        aria-current={isHere ? "page" : undefined}
        onClick={props.onFollow}
      >
        <Icon name={place.icon} />
        {place.label}
        {count > 0 && (
          <span class={styles.count}>
            {count}
            <span class="visually-hidden"> open</span>
          </span>
        )}
      </a>
    </li>
  );
}
