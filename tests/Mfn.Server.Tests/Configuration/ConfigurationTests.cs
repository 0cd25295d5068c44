using Grpc.Core;
using Mfn.Contracts.V1;
using Microsoft.Extensions.Options;

namespace Mfn.Server.Tests.Configuration;

public sealed class ConfigurationTests : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"mfn-{Guid.NewGuid():N}.json");

    [Theory]
    [InlineData("Limits:MaxGridSize=3", "MaxGridSize")]
    [InlineData("Limits:MaxSteps=0", "MaxSteps")]
    [InlineData("Limits:MaxConcurrentComputations=0", "MaxConcurrentComputations")]
    [InlineData("Runs:MaxRuns=0", "MaxRuns")]
    [InlineData("Limits:MaxRequestBytes=1", "MaxRequestBytes")]
    [InlineData("Limits:MaxStreamsPerConnection=0", "MaxStreamsPerConnection")]
    [InlineData("Streaming:OwnerBacklog=0", "OwnerBacklog")]
    [InlineData("Streaming:ReadTimeout=00:00:00", "ReadTimeout")]
    [InlineData("Streaming:WriteTimeout=00:00:00", "WriteTimeout")]
    [InlineData("Streaming:WriteBufferBytes=0", "WriteBufferBytes")]
    [InlineData("Shutdown:DrainTime=-00:00:01", "DrainTime")]
    [InlineData("Tls:CertificateFile=/nowhere.pem", "Tls:CertificateFile must be an existing file")]
    public async Task Start_SettingOutOfRange_IsRefusedByName(string setting, string name)
    {
        var error = await Assert.ThrowsAnyAsync<OptionsValidationException>(() => TestServer.StartAsync(setting));

        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_SettingThatDoesNotExist_IsRefusedByName()
    {
        var error = await Assert.ThrowsAnyAsync<InvalidOperationException>(() => TestServer.StartAsync("Limits:MaxStepz=5"));

        Assert.Contains("MaxStepz", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_SectionThatDoesNotExist_IsRefusedByName()
    {
        var error = await Assert.ThrowsAsync<InvalidDataException>(() => TestServer.StartAsync("LiveRuns:DataDirectory=runs"));

        Assert.Equal(
            "The command line has unknown sections: LiveRuns. Known are: Logging, Urls, Limits, Streaming, Runs, Shutdown, Tls.", error.Message);
    }

    [Fact]
    public async Task Start_FileAndCommandLine_TheCommandLineWins()
    {
        await File.WriteAllTextAsync(_file, """{ "Limits": { "MaxGridSize": 8, "MaxSteps": 9 } }""");
        await using var server = await TestServer.StartAsync($"config={_file}", "Limits:MaxSteps=7");

        var error = await Assert.ThrowsAsync<RpcException>(
            async () => await server.Simulation.SimulateAsync(new SimulateRequest { Spec = new SimulationSpec { GridSize = 9, Steps = 8 } }));

        Assert.Equal("spec.grid_size must be between 4 and 8, but was 9. spec.steps must be between 1 and 7, but was 8.", error.Status.Detail);
    }

    [Fact]
    public async Task Start_FileWithEachSection_TakesIt()
    {
        await File.WriteAllTextAsync(
            _file,
            """{ "Logging": {}, "Limits": { "MaxSteps": 900 }, "Streaming": { "OwnerBacklog": 3 }, "Runs": { "MaxRuns": 1 }, "Shutdown": { "DrainTime": "00:00:01" }, "Tls": {} }""");
        await using var server = await TestServer.StartAsync($"config={_file}");
        await server.Runs.CreateRunAsync(new CreateRunRequest { Paused = true });

        var error = await Assert.ThrowsAsync<RpcException>(async () => await server.Runs.CreateRunAsync(new CreateRunRequest { Paused = true }));

        Assert.Equal("The most live runs that the server allows, 1, are there. Delete one.", error.Status.Detail);
    }

    [Theory]
    [InlineData("""{ "Limitz": { } }""", "unknown sections: Limitz. Known are: Logging, Urls, Limits, Streaming, Runs, Shutdown, Tls.")]
    [InlineData("""{ "Limits": """, "is not valid JSON")]
    [InlineData(null, "does not exist")]
    public void Build_UselessFile_IsRefusedWithTheReason(string? content, string reason)
    {
        if (content is not null)
        {
            File.WriteAllText(_file, content);
        }

        var error = Assert.Throws<InvalidDataException>(() => MfnServer.Build($"--config={_file}"));

        Assert.Contains(_file, error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => File.Delete(_file);
}
