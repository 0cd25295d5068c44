using Grpc.Core;
using Mfn.Client;
using Mfn.Contracts.V1;

namespace Mfn.Server.Tests.Membrane;

public sealed class ComputeNernstPotentialTests
{
    public static TheoryData<ComputeNernstPotentialRequest, string> BadRequests => new()
    {
        { With(request => request.Valence = 0), "valence must be between -3 and 3 and not 0, but was 0." },
        { With(request => request.Valence = 4), "valence must be between -3 and 3 and not 0, but was 4." },
        { With(request => request.OutsideMolar = 0), "outside_molar must be above 0 and at most 1000, but was 0." },
        { With(request => request.InsideMolar = double.NaN), "inside_molar must be above 0 and at most 1000, but was NaN." },
        { With(request => request.InsideMolar = 1000.5), "inside_molar must be above 0 and at most 1000, but was 1000.5." },
        { With(request => request.TemperatureKelvin = 37), "temperature_kelvin must be between 273 and 373, but was 37." },
        { new ComputeNernstPotentialRequest(), "outside_molar must be above 0 and at most 1000, but was not set. inside_molar must be above 0 and at most 1000, but was not set." },
    };

    [Fact]
    public async Task ComputeNernstPotential_Potassium_IsTheTextbookValue()
    {
        await using var server = await TestServer.StartAsync();

        var response = await server.Membrane.ComputeNernstPotentialAsync(With(_ => { }));

        Assert.Equal(-89.01066911987907, response.PotentialMillivolts, 1e-10);
        Assert.False(response.OutsideRaisedToFloor || response.InsideRaisedToFloor);
    }

    [Fact]
    public async Task ComputeNernstPotential_Calcium_IsExactUnlessTheReferencesFloorIsAskedFor()
    {
        await using var server = await TestServer.StartAsync();
        var request = new ComputeNernstPotentialRequest { Valence = 2, OutsideMolar = 0.002, InsideMolar = 1e-7 };

        var free = await server.Membrane.ComputeNernstPotentialAsync(request);
        request.ReferenceFloor = true;
        var floored = await server.Membrane.ComputeNernstPotentialAsync(request);

        Assert.Equal(101.51859103677918, floored.PotentialMillivolts, 1e-10);
        Assert.True(floored.InsideRaisedToFloor && !floored.OutsideRaisedToFloor && !free.InsideRaisedToFloor);
        Assert.Equal(132.272201628, free.PotentialMillivolts, 1e-9);
    }

    [Theory, MemberData(nameof(BadRequests))]
    public async Task ComputeNernstPotential_BadRequest_NamesEveryProblem(ComputeNernstPotentialRequest request, string message)
    {
        await using var server = await TestServer.StartAsync();

        var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Membrane.ComputeNernstPotentialAsync(request));

        Assert.Equal((StatusCode.InvalidArgument, message), (error.StatusCode, error.Status.Detail));
        Assert.NotEmpty(error.GetFieldViolations());
    }

    private static ComputeNernstPotentialRequest With(Action<ComputeNernstPotentialRequest> change)
    {
        var request = new ComputeNernstPotentialRequest { Valence = 1, OutsideMolar = 0.005, InsideMolar = 0.14 };
        change(request);
        return request;
    }
}
