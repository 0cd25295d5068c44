using System.Text.Json;
using Mfn.Client;
using Mfn.Contracts.V1;

namespace Mfn.Server.Tests.Cli;

public sealed class ExplainCommandTests
{
    [Fact]
    public async Task Explain_SchnakenbergInABoxOf64_HasThePublishedNumbersByTheirNames()
    {
        using var json = JsonDocument.Parse(await RunAsync("--kinetics", "schnakenberg:a=0.1,b=0.9,d=40", "--rows", "128", "--columns", "128", "--cell-width", "0.5", "--steps", "1000", "--json"));
        var root = json.RootElement;
        var state = Assert.Single(root.GetProperty("steady_states").EnumerateArray());
        var box = root.GetProperty("box");

        Assert.Equal([1, 0.9], state.GetProperty("values").EnumerateArray().Select(value => Math.Round(value.GetDouble(), 12)));
        Assert.Equal("turing", state.GetProperty("verdict").GetString());
        Assert.Equal(14.9407, state.GetProperty("fastest_wavelength").GetDouble(), 1e-4);
        Assert.Equal(0.411011, state.GetProperty("fastest_growth_rate").GetDouble(), 1e-6);
        Assert.Equal(2, state.GetProperty("band").GetArrayLength());
        Assert.False(root.GetProperty("needs_seed").GetBoolean());
        Assert.Equal([3, 3], box.GetProperty("mode").EnumerateArray().Select(index => index.GetInt32()));
        Assert.Equal(0.410944, box.GetProperty("growth_rate").GetDouble(), 1e-6);
        Assert.Equal(box.GetProperty("wavelength").GetDouble() * 2, box.GetProperty("cells_per_wavelength").GetDouble(), 1e-9);
        Assert.Equal(0.0015613, root.GetProperty("largest_stable_time_step").GetDouble(), 5e-8);
        Assert.Equal(128 * 128 * 1000, root.GetProperty("price").GetInt64());
        Assert.NotEmpty(root.GetProperty("warnings").EnumerateArray());
    }

    [Theory]
    [InlineData("--kinetics schnakenberg:a=-1,b=1", "Warning: There is no uniform steady state")]
    [InlineData("--kinetics gray-scott:F=0.0625,k=0.0625", "is singular")]
    [InlineData("--kinetics schnakenberg --rows 8 --columns 8", "is smaller than the fastest growing wavelength")]
    [InlineData("--kinetics schnakenberg --time-step 0.01", "is above the largest stable one")]
    [InlineData("--kinetics gray-scott", "Needs a seed")]
    [InlineData("", "The mask never fires: in 64 steps no cell's activator exceeds 0.173")]
    public async Task Explain_WhatWillNotGoAsExpected_IsSaid(string arguments, string text) =>
        Assert.Contains(text, await RunAsync(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);

    [Fact]
    public async Task Explain_BadArguments_AreRefusedInTheirWords()
    {
        var (exitCode, _, error) = await InProcess.RunAsync("explain", "--kinetics", "gray-scott", "--rows", "2000", "--steps", "20000000");

        Assert.Equal(2, exitCode);
        Assert.Contains("--rows", error, StringComparison.Ordinal);
        Assert.Contains("--steps", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Explain_OfAServer_AnswersAsHere()
    {
        await using var server = await TestServer.StartAsync();
        string[] arguments = ["--kinetics", "brusselator:A=1,B=3,Du=1,Dv=0.1", "--json"];

        Assert.Equal(await RunAsync(arguments), await RunAsync([.. arguments, "--server", server.Address.ToString()]));

        using var client = new MfnClient(new MfnClientOptions { Address = server.Address });
        var response = await client.ExplainAsync(new ExplainRequest { Spec = new SimulationSpec { Brusselator = new Brusselator { A = 1, B = 3, UDiffusion = 1, VDiffusion = 0.1 } } });
        Assert.Equal(StabilityVerdict.Hopf, Assert.Single(response.SteadyStates).Verdict);
        Assert.Equal(4 * Math.PI / Math.Sqrt(3), response.SteadyStates[0].Period, 1e-9);
    }

    private static async Task<string> RunAsync(params string[] arguments)
    {
        var (exitCode, output, error) = await InProcess.RunAsync(["explain", .. arguments]);
        Assert.True(exitCode == 0, error);
        return output;
    }
}
