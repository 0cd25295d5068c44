"""The Python service's two streams, by a client that knows nothing but their description."""
import asyncio
import time
import unittest

import websockets
from reference_client import PATIENCE, ReferenceClient
from server import post, serving

POTENTIAL = ["pot_mean_mV", "pot_std_mV", "pot_min_mV", "pot_max_mV"]


class ReferenceTest(unittest.IsolatedAsyncioTestCase):
    @classmethod
    def setUpClass(cls):
        cls._serving = serving("Web:HeartbeatInterval=00:00:01")
        cls.address, cls.key = cls._serving.__enter__()

    @classmethod
    def tearDownClass(cls):
        cls._serving.__exit__(None, None, None)

    async def live(self, **params):
        async with await ReferenceClient.connect(self.address, "/ws/simulation_live") as client:
            await client.log_in(self.key)
            await client.subscribe("simulation_live", "live", **params)
            states = []
            async for kind, payload in client.updates("live"):
                if kind == "simulation_complete":
                    return states, payload["final_metrics"]
                self.assertEqual("simulation_state", kind)
                states.append(payload)

    async def test_live_goes_on_and_ends_as_rest_says(self):
        params = {"seed": 11, "grid_size": 32, "steps": 40, "alpha": 0.15, "spike_probability": 0.8, "turing_enabled": True}
        expected = post(self.address, self.key, "/simulate", params)

        states, final = await self.live(**params)

        self.assertEqual(list(range(1, 41)), [state["step"] for state in states])
        self.assertEqual({40}, {state["total_steps"] for state in states})

        # Without a growth event a step may leave the mean as it is.
        self.assertGreater(len({state["state"]["pot_mean_mV"] for state in states}), 20, "a step is repeated")
        self.assertEqual([expected[name] for name in POTENTIAL], [final[name] for name in POTENTIAL])
        self.assertEqual([expected[name] for name in POTENTIAL], [states[-1]["state"][name] for name in POTENTIAL])
        self.assertEqual(expected["growth_events"], final["growth_events"])
        events = [state["metrics"]["growth_events"] for state in states]
        self.assertEqual((sorted(events), final["growth_events"]), (events, events[-1]))
        self.assertTrue(all(0 <= state["state"]["active_nodes"] <= 32 * 32 for state in states))
        self.assertTrue(0 <= final["fractal_dimension"] <= 2)

    async def test_features_are_of_the_simulation_that_live_shows(self):
        states, _ = await self.live(steps=20, update_interval_steps=1)
        async with await ReferenceClient.connect(self.address, "/ws/stream_features") as client:
            await client.log_in(self.key)
            await client.subscribe("stream_features", "features", update_interval_ms=20)
            begun, updates = time.monotonic(), []
            async for kind, payload in client.updates("features"):
                self.assertEqual("feature_update", kind)
                updates.append(payload)
                if len(updates) == 20:
                    break

            self.assertGreater(time.monotonic() - begun, 0.3)
            self.assertEqual(list(range(20)), [update["sequence"] for update in updates])
            for state, update in zip(states, updates):
                found = update["features"]
                self.assertEqual({name: state["state"][name] for name in [*POTENTIAL, "active_nodes"]}, {name: found[name] for name in [*POTENTIAL, "active_nodes"]})
                self.assertEqual(found["active_nodes"] / 4096, found["activity_ratio"])

                # The sum of the squares is the count times the variance and the squared mean.
                self.assertAlmostEqual(4096e-6 * (found["pot_std_mV"] ** 2 + found["pot_mean_mV"] ** 2), found["total_energy"], 9)
                self.assertGreater(found["spatial_variance"], 0)
                self.assertTrue(0 <= found["fractal_dimension"] <= 2)

            await client.send("unsubscribe", stream_id="features")
            async for kind, _ in client.updates("features"):
                if kind == "unsubscribe":
                    break
            with self.assertRaises(asyncio.TimeoutError):
                await asyncio.wait_for(client.receive(), 0.3)

    async def test_who_is_not_known_gets_nothing(self):
        async with await ReferenceClient.connect(self.address, "/ws/simulation_live") as client:
            answers = [
                await client.ask("subscribe", stream_type="simulation_live", stream_id="a"),
                await client.ask("auth", api_key="mfn_wrong", timestamp=time.time()),
                await client.ask("auth", api_key=self.key, timestamp=time.time() - 400),
                await client.ask("auth", api_key=self.key),
            ]
            self.assertEqual(
                [("subscribe_failed", "NOT_AUTHENTICATED"), ("auth_failed", "AUTH_FAILED"), ("auth_failed", "AUTH_FAILED"), ("auth_failed", "AUTH_ERROR")],
                [(answer["type"], answer["payload"]["error_code"]) for answer in answers])

    async def test_signs_of_life(self):
        async with websockets.connect(f"ws://{self.address}/ws/simulation_live") as silent, await ReferenceClient.connect(self.address, "/ws/simulation_live") as alive:
            await alive.log_in(self.key)
            living = asyncio.create_task(alive.receive())
            with self.assertRaises(websockets.ConnectionClosed):
                while True:
                    await asyncio.wait_for(silent.recv(), PATIENCE)
            self.assertEqual(4004, silent.close_code)
            self.assertFalse(living.done(), living)
            await alive.send("init", protocol_version="1.0")
            self.assertEqual("init", (await living)["type"])
            await alive.send("close")
            with self.assertRaises(websockets.ConnectionClosed):
                await alive.receive()
            self.assertEqual(1000, alive.close_code)


if __name__ == "__main__":
    unittest.main()
