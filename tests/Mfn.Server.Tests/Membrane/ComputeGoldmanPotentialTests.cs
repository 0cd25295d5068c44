using Grpc.Core;
using Mfn.Contracts.V1;

namespace Mfn.Server.Tests.Membrane;

public sealed class ComputeGoldmanPotentialTests
{
    [Fact]
    public async Task ComputeGoldmanPotential_SquidAxonAtRest_IsTheEquation()
    {
        await using var server = await TestServer.StartAsync();
        var request = new ComputeGoldmanPotentialRequest
        {
            Ions = { Ion(1, 0.02, 0.4), Ion(0.04, 0.44, 0.05), Ion(0.45, 0.56, 0.052, -1) },
            TemperatureKelvin = 293,
        };

        var response = await server.Membrane.ComputeGoldmanPotentialAsync(request);

        var expected = 8.314 * 293 / 96485.33212 * Math.Log((0.02 + (0.04 * 0.44) + (0.45 * 0.052)) / (0.4 + (0.04 * 0.05) + (0.45 * 0.56))) * 1000;
        Assert.Equal(expected, response.PotentialMillivolts, 1e-10);
        Assert.InRange(response.PotentialMillivolts, -61, -59);
    }

    [Fact]
    public async Task ComputeGoldmanPotential_OneIon_IsItsNernstPotential()
    {
        await using var server = await TestServer.StartAsync();

        var goldman = await server.Membrane.ComputeGoldmanPotentialAsync(new ComputeGoldmanPotentialRequest { Ions = { Ion(7, 0.12, 0.004, -1) } });
        var nernst = await server.Membrane.ComputeNernstPotentialAsync(new ComputeNernstPotentialRequest { Valence = -1, OutsideMolar = 0.12, InsideMolar = 0.004 });

        Assert.Equal(nernst.PotentialMillivolts, goldman.PotentialMillivolts, 1e-10);
    }

    [Fact]
    public async Task ComputeGoldmanPotential_BadRequest_NamesEveryProblem()
    {
        await using var server = await TestServer.StartAsync();
        var request = new ComputeGoldmanPotentialRequest { Ions = { new PermeantIon { Valence = 2 }, Ion(1, double.NaN, 0.1) }, TemperatureKelvin = 0 };

        var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Membrane.ComputeGoldmanPotentialAsync(request));
        var none = await Assert.ThrowsAsync<RpcException>(async () => await server.Membrane.ComputeGoldmanPotentialAsync(new ComputeGoldmanPotentialRequest()));

        Assert.Equal(
            "ions[0].valence must be 1 or -1 (the equation holds for monovalent ions alone), but was 2. "
            + "ions[0].permeability must be between 0 and 1000000, but was not set. "
            + "ions[0].outside_molar must be above 0 and at most 1000, but was not set. ions[0].inside_molar must be above 0 and at most 1000, but was not set. "
            + "ions[1].outside_molar must be above 0 and at most 1000, but was NaN. temperature_kelvin must be between 273 and 373, but was 0.",
            error.Status.Detail);
        Assert.Equal("ions must be between 1 and 16, but were 0.", none.Status.Detail);
    }

    [Fact]
    public async Task ComputeGoldmanPotential_TraceOfAnIon_IsExactUnlessTheReferencesFloorIsAskedFor()
    {
        await using var server = await TestServer.StartAsync();
        var request = new ComputeGoldmanPotentialRequest { Ions = { Ion(1, 4e-8, 1e-7) } };

        var exact = await server.Membrane.ComputeGoldmanPotentialAsync(request);
        request.ReferenceFloor = true;
        var floored = await server.Membrane.ComputeGoldmanPotentialAsync(request);

        Assert.Equal(-24.476, exact.PotentialMillivolts, 0.0005);
        Assert.Empty(exact.RaisedToFloor);
        Assert.Equal(0, floored.PotentialMillivolts);
        Assert.Equal([(0, MembraneSide.Outside), (0, MembraneSide.Inside)], floored.RaisedToFloor.Select(each => (each.Ion, each.Side)));
    }

    [Fact]
    public async Task ComputeGoldmanPotential_TooManyIons_AreCounted()
    {
        await using var server = await TestServer.StartAsync();
        var request = new ComputeGoldmanPotentialRequest { Ions = { Enumerable.Repeat(Ion(1, 0.1, 0.1), 17) } };

        var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Membrane.ComputeGoldmanPotentialAsync(request));

        Assert.Equal("ions must be between 1 and 16, but were 17.", error.Status.Detail);
    }

    private static PermeantIon Ion(double permeability, double outside, double inside, int valence = 1) =>
        new() { Valence = valence, Permeability = permeability, OutsideMolar = outside, InsideMolar = inside };
}
