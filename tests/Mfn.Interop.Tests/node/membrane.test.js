import assert from 'node:assert/strict';
import test from 'node:test';
import { status } from '@grpc/grpc-js';
import { call, connect, contracts, errorDetail } from './server.js';

const { MembraneService } = contracts.mfn.v1;

test('ComputeNernstPotential, potassium: is the textbook value', async (t) => {
    const response = await call(connect(t, MembraneService), 'ComputeNernstPotential', {
        outside_molar: 0.005,
        inside_molar: 0.14,
    });

    assert.ok(
        Math.abs(response.potential_millivolts - -89.01066911987907) < 1e-10,
        `was ${response.potential_millivolts}`,
    );
    assert.deepEqual([response.outside_raised_to_floor, response.inside_raised_to_floor], [false, false]);
});

test('ComputeNernstPotential, calcium: is exact, or says that the floor of the reference was used', async (t) => {
    const response = await call(connect(t, MembraneService), 'ComputeNernstPotential', {
        valence: 2,
        outside_molar: 0.002,
        inside_molar: 1e-7,
        reference_floor: true,
    });
    const exact = await call(connect(t, MembraneService), 'ComputeNernstPotential', {
        valence: 2,
        outside_molar: 0.002,
        inside_molar: 1e-7,
    });

    assert.ok(
        Math.abs(response.potential_millivolts - 101.51859103677918) < 1e-10,
        `was ${response.potential_millivolts}`,
    );
    assert.deepEqual([response.outside_raised_to_floor, response.inside_raised_to_floor], [false, true]);
    assert.ok(Math.abs(exact.potential_millivolts - 132.272201628) < 1e-8, `was ${exact.potential_millivolts}`);
});

test('ComputeNernstPotential, empty request: is refused with what it lacks', async (t) => {
    await assert.rejects(call(connect(t, MembraneService), 'ComputeNernstPotential', {}), (error) => {
        assert.equal(error.code, status.INVALID_ARGUMENT);
        assert.deepEqual(
            errorDetail(error, 'google.rpc.BadRequest').field_violations.map(({ field }) => field),
            ['outside_molar', 'inside_molar'],
        );
        return true;
    });
});
