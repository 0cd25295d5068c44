using Grpc.Core;
using Mfn.Contracts.V1;
using Mfn.Server.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mfn.Server.Tests.Configuration;

public sealed class ConfigurationTests : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"mfn-{Guid.NewGuid():N}.json");

    [Fact]
    public async Task Start_SectionThatDoesNotExist_IsRefusedWithTheNearest()
    {
        var refused = await Assert.ThrowsAsync<InvalidSettingsException>(() => TestServer.StartAsync("LiveRuns:DataDirectory=runs", "Kestrel:Limits:Http2:KeepAlivePingDelay=5"));

        Assert.Equal(
            ["--set LiveRuns:DataDirectory is no setting; did you mean --set Runs:DataDirectory?", "--set Kestrel:Limits:Http2:KeepAlivePingDelay is no setting."],
            refused.Problems);
    }

    [Fact]
    public void Build_ManyThingsWrong_AreAllTold()
    {
        File.WriteAllText(_file, """{ "Limits": { "MaxStepz": 5, "MaxFrames": 0 }, "Runs": [] }""");
        var environment = new System.Collections.Hashtable { ["MFN_MAXSTEPS"] = "5", ["MFN_Limits__MaxGridSize"] = "3" };

        var refused = Assert.Throws<InvalidSettingsException>(() => MfnServer.Build(ServerSettings.Read(
            ["--set", "MaxRuns=5", "--urls", "nope", "--config", _file, "--set", "Shutdown:DrainTime=30", "--set", "Tls:ClientAuthorityFile=/nowhere.pem"], environment)));

        Assert.Equal(
            [
                "--set MaxRuns is no setting; did you mean --set Runs:MaxRuns?",
                "--set Shutdown:DrainTime must be a time such as 00:00:10 (hours:minutes:seconds) between 00:00:00 and 1.00:00:00, but was '30'.",
                "--set Tls:ClientAuthorityFile must be an existing file, but there is no '/nowhere.pem'.",
                "--set Tls:ClientAuthorityFile needs Tls:CertificateFile and Tls:KeyFile.",
                "--urls must be addresses such as http://127.0.0.1:50051 or https://0.0.0.0:50051 with semicolons between them, but was 'nope'.",
                "MFN_Limits__MaxGridSize must be between 4 and 4096, but was 3.",
                "MFN_MAXSTEPS is no setting; did you mean MFN_Limits__MaxSteps?",
                "mfn.json: Limits:MaxFrames must be between 1 and 100000000, but was 0.",
                "mfn.json: Limits:MaxStepz is no setting; did you mean Limits:MaxSteps?",
                "mfn.json: Runs is a section, and must be an object, but is an array.",
            ],
            refused.Problems.Select(told => told.Replace(_file, "mfn.json", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    /// <summary>What is told of settings ends on terminals and in logs.</summary>
    [Fact]
    public void Build_SettingsThatDoNotPrint_AreToldInWhatPrints()
    {
        var refused = Assert.Throws<InvalidSettingsException>(() => MfnServer.Build(ServerSettings.Read(
            ["--set", $"Limits:MaxSteps=\u001b[2J{new string('9', 200)}", "--set", "Max\u202eSteps\u0007=5", "--urls", "no\npe", "\u009bword"], new System.Collections.Hashtable())));

        Assert.Equal(
            [
                @"'\u{9b}word' must be --urls URLS, --environment NAME, --config FILE or --set KEY=VALUE.",
                $@"--set Limits:MaxSteps must be a whole number between 1 and 100000000, but was '\u{{1b}}[2J{new string('9', 118)}…'.",
                @"--set Max\u{202e}Steps\u{7} is no setting; did you mean --set Limits:MaxSteps?",
                @"--urls must be addresses such as http://127.0.0.1:50051 or https://0.0.0.0:50051 with semicolons between them, but was 'no\u{a}pe'.",
            ],
            refused.Problems.Order(StringComparer.Ordinal));
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

    public static TheoryData<string?, string> Useless => new()
    {
        { """{ "Limitz": { } }""", "FILE: Limitz is no section of settings." },
        { """{ "Kestrel": { "Endpoints": { "A": { "Url": "http://*:1" } } } }""", "FILE: Kestrel:Endpoints:A:Url is no setting; did you mean Urls or Metrics:Url or Web:Url?" },
        { """{ "Limits": """, "FILE is not valid JSON, line 1, byte 13: " },
        { "{ \"Limits\": { \"MaxSteps\": 5 } }\n}", "FILE is not valid JSON, line 2, byte 1: " },
        { "", "FILE is empty; a JSON object is needed, which may be {}." },
        { " \n", "FILE is empty; a JSON object is needed, which may be {}." },
        { "[1]", "FILE must be a JSON object such as { \"Limits\": { \"MaxSteps\": 500 } }, but is an array." },
        { "null", "FILE must be a JSON object such as { \"Limits\": { \"MaxSteps\": 500 } }, but is null." },
        { """{ "Limits": 5 }""", "FILE: Limits is a section, and must be an object, but is a number." },
        { """{ "Logging": { "LogLevel": "Debug" } }""", "FILE: Logging:LogLevel is a section, and must be an object, but is a string." },
        { """{ "Limits": { "MaxSteps": [5] } }""", "FILE: Limits:MaxSteps must be one value, but is an array." },
        { """{ "Limits": { "MaxSteps": null } }""", "FILE: Limits:MaxSteps must be one value, but is null." },
        { """{ "Limits": { "MaxSteps": { "A": 5 } } }""", "FILE: Limits:MaxSteps is one setting, and must not be an object." },
        { """{ "Urls": { } }""", "FILE: Urls is one setting, and must not be an object." },
        { """{ "Limits": { "MaxSteps": 5, "MaxSteps": 6 } }""", "FILE: Limits:MaxSteps and FILE: Limits:MaxSteps are the same setting, which can be given once." },
        { """{ "Limits": { "MaxSteps": 5 }, "limits": { "maxsteps": 6 } }""", "FILE: limits:maxsteps must be written Limits:MaxSteps." },
        { """{ "Limits:MaxSteps": 5 }""", "FILE: Limits:MaxSteps must be objects within one another, without colons." },
        { """{ "Limits": { "MaxSteps": "5" } }""", "FILE: Limits:MaxSteps must be a number without quotes, but was \"5\"." },
        { """{ "Limits": { "AnnounceSpareStreams": "true" } }""", "FILE: Limits:AnnounceSpareStreams must be true or false without quotes, but was \"true\"." },
        { """{ "Tls": { "KeyFile": 5 } }""", "FILE: Tls:KeyFile must be a string in quotes, but was 5." },
        { """{ "Logging": { "LogLevel": { "default": "Debug" } } }""", "FILE: Logging:LogLevel:default must be written Logging:LogLevel:Default." },
        { """{ "Logging": { "LogLevel": { "Default": "debug" } } }""", "FILE: Logging:LogLevel:Default must be written Debug, but was 'debug'." },
        { """{ "Shutdown": { "DrainTime": "24:00:00" } }""", "FILE: Shutdown:DrainTime must be a time such as 00:00:10 (hours:minutes:seconds) between 00:00:00 and 1.00:00:00, but was '24:00:00'." },
        { """{ "Logging": { "LogLevel": { "Default": "Informaton" } } }""", "FILE: Logging:LogLevel:Default must be Trace, Debug, Information, Warning, Error, Critical or None, but was 'Informaton'; did you mean Information?" },
        { """{ "Logging": { "LogLevel": { "Defualt": "Debug" } } }""", "FILE: Logging:LogLevel:Defualt is no setting; did you mean Logging:LogLevel:Default?" },
        { """{ "Logging": { "LogLevel": { "Default": 2 } } }""", "FILE: Logging:LogLevel:Default must be Trace, " },
        { null, "--config must be an existing file, but there is no 'FILE'." },
    };

    [Theory, MemberData(nameof(Useless))]
    public void Build_UselessFile_IsRefusedWithTheReason(string? content, string reason)
    {
        if (content is not null)
        {
            File.WriteAllText(_file, content);
        }

        var refused = Assert.Throws<InvalidSettingsException>(() => MfnServer.Build($"--config={_file}"));

        Assert.StartsWith(reason, Assert.Single(refused.Problems).Replace(_file, "FILE", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public void Build_FileThatIsNone_IsRefusedWithTheReason()
    {
        File.WriteAllBytes(_file, [(byte)'{', 0xff, (byte)'}']);

        Assert.Equal($"--config must be a file of UTF-8 text, but '{_file}' is not.", Refusal(_file));
        Assert.Equal($"--config must be a file, but '{Path.GetTempPath()}' is a folder.", Refusal(Path.GetTempPath()));
        Assert.Equal("--config must be a file of at most 1 MiB, but '/dev/zero' is larger.", Refusal("/dev/zero"));
        Assert.Equal("--config must not be empty.", Refusal(""));

        static string Refusal(string file) => Assert.Single(Assert.Throws<InvalidSettingsException>(() => MfnServer.Build("--config", file)).Problems);
    }

    [Theory]
    [InlineData(false, """{ "Limits": { "MaxSteps": 7 } }""")]
    [InlineData(true, """{ "Limits": { "MaxSteps": 7 } }""")]
    [InlineData(false, "// a comment\n{ \"Limits\": { /* another */ \"MaxSteps\": 7.0, }, \"$schema\": \"mfn.schema.json\", }")]
    [InlineData(false, """{ "Limits": { "MaxSteps": 0.7e1 } }""")]
    public void Build_FileInAnyDress_IsTaken(bool hasMark, string content)
    {
        // A name that begins with a full stop is a name.
        var hidden = Path.Combine(Path.GetDirectoryName(_file)!, $".{Path.GetFileName(_file)}");
        try
        {
            File.WriteAllText(hidden, content, new System.Text.UTF8Encoding(hasMark));

            using var server = (IDisposable)MfnServer.Build($"--config={hidden}");

            Assert.Equal("7", ((Microsoft.AspNetCore.Builder.WebApplication)server).Configuration["Limits:MaxSteps"]);
        }
        finally
        {
            File.Delete(hidden);
        }
    }

    [Theory]
    [InlineData("Limits:MaxAggregationBytes=2000001", "Limits:MaxTotalAggregationBytes=2000000", "--set Limits:MaxAggregationBytes must be at most --set Limits:MaxTotalAggregationBytes, which is 2000000, but was 2000001.")]
    [InlineData("Runs:MaxBacklogBytes=33554433", "Limits:MaxMemoryBytes=67108864", "--set Runs:MaxBacklogBytes must be at most half of --set Limits:MaxMemoryBytes, which is 67108864, but was 33554433.")]
    [InlineData("Runs:MaxHistoryBytesPerRun=67108865", "Limits:MaxMemoryBytes=67108864", "--set Runs:MaxHistoryBytesPerRun must be at most --set Limits:MaxMemoryBytes, which is 67108864, but was 67108865.")]
    public void Build_PartThatIsLargerThanTheWhole_IsRefused(string part, string whole, string told)
    {
        Assert.Equal([told], Assert.Throws<InvalidSettingsException>(() => MfnServer.Build("--set", part, "--set", whole)).Problems);
    }

    [Theory]
    [InlineData("Limits:MaxSteps=5", "limits:maxsteps=6", "--set Limits:MaxSteps and --set limits:maxsteps are the same setting, which can be given once.")]
    [InlineData("urls=http://127.0.0.1:0", "Urls=http://127.0.0.1:1", "--urls and --urls are the same setting, which can be given once.")]
    public void Build_TheSameTwice_IsRefused(string one, string other, string told)
    {
        Assert.Equal([told], Assert.Throws<InvalidSettingsException>(() => MfnServer.Build("--set", one, "--set", other)).Problems);
    }

    [Theory]
    [InlineData("Microsoft.AspNetCore", "Microsoft.AspNetCore.Server.Kestrel")]
    [InlineData("Grpc", "Grpc.AspNetCore.Server.Anything")]
    [InlineData("Mfn.Server.Runs", "Mfn.Server.Runs.RunRegistry")]
    [InlineData("Default", "Mfn.Server.Runs.RunRegistry")]
    public void LogLevel_OfAnything_IsThatLevel(string category, string logger)
    {
        using var server = (IDisposable)MfnServer.Build("--set", $"Logging:LogLevel:{category}=Trace");
        var loggers = ((Microsoft.AspNetCore.Builder.WebApplication)server).Services.GetRequiredService<ILoggerFactory>();

        Assert.True(loggers.CreateLogger(logger).IsEnabled(LogLevel.Trace));
    }

    public void Dispose() => File.Delete(_file);
}
