/** Everything random in the storm comes from this; another one makes other kills, breaks and inputs. */
export const SEED = process.env["FINE_R1_STORM_SEED"] ?? "1";
