using System.Collections;
using Mfn.Server.Configuration;

namespace Mfn.Server.Tests.Secrets;

/// <summary>Settings whose values are in files and environment variables.</summary>
public sealed class SecretSettingsTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-secrets-");
    private readonly Hashtable _variables = [];

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("7")]
    [InlineData("7\n")]
    [InlineData("7\r\n")]
    public void Value_InAFileOrAVariable_IsThatOfTheSetting_WithoutOneLineEnd(string content)
    {
        var path = Write("steps", content);
        _variables["STEPS"] = content;

        Assert.Equal("7", Read($"--set=Limits:MaxSteps=file:{path}").Find("Limits:MaxSteps"));
        Assert.Equal("7", Read("--Limits:MaxSteps=env:STEPS").Find("Limits:MaxSteps"));
        _variables["MFN_Limits__MaxSteps"] = $"file:{path}";
        Assert.Equal("7", Read().Find("Limits:MaxSteps"));
        _variables.Remove("MFN_Limits__MaxSteps");
        var file = Write("mfn.json", """{ "Limits": { "MaxSteps": "env:STEPS" }, "Auth": { "AllowAnonymous": "env:TRUTH" } }""");
        _variables["TRUTH"] = "true";
        var settings = Read("--config", file);
        Assert.Equal(("7", "true"), (settings.Find("Limits:MaxSteps"), settings.Find("Auth:AllowAnonymous")));
        Assert.Empty(settings.Problems);
    }

    [Fact]
    public void Text_KeepsAllButTheLastLineEnd()
    {
        _variables["AUDIENCE"] = " a\nb\n\n";

        Assert.Equal(" a\nb\n", Read("--Auth:Jwt:Audience=env:AUDIENCE").Find("Auth:Jwt:Audience"));
    }

    /// <summary>All at once, and none of what was read.</summary>
    [Fact]
    public void ManyThatCannotBeReadOrAreWrong_AreAllTold_AndNoneIsShown()
    {
        var (wrong, empty, binary) = (Write("wrong", "hunter2-is-no-number"), Write("empty", "\n"), Path.Combine(_folder.FullName, "binary"));
        File.WriteAllBytes(binary, [0xc3, 0x28]);
        _variables["TRUTH"] = "hunter2-is-no-truth";
        _variables["LEVEL"] = "hunter2-is-no-level";
        _variables["BEYOND"] = "987654321987";
        _variables["WORDS"] = "HS256-hunter2";
        string[] arguments =
        [
            $"--Limits:MaxSteps=file:{wrong}",
            $"--Limits:MaxFrames=file:{empty}",
            $"--Limits:MaxRequestBytes=file:{_folder.FullName}/gone",
            $"--Limits:MaxConnections=file:{binary}",
            "--Limits:AggregationThreads=env:GONE",
            "--Limits:MaxTotalAggregationBytes=env:",
            "--Reflection:Enabled=env:TRUTH",
            "--Logging:LogLevel:Mfn=env:LEVEL",
            "--Runs:MaxRuns=env:BEYOND",
            "--Auth:Jwt:Algorithms=env:WORDS",
            "--Auth:Jwt:KeySetFile=env:GONE",
            $"--Tls:CertificateFile=file:{_folder.FullName}/gone",
            "--Shutdown:DrainTime=vault:secret/a#b",
            "--urls=https://127.0.0.1:0",
        ];

        var settings = Read(arguments);
        MfnServer.Check(settings);

        Assert.Equal(
        [
            $"--set Auth:Jwt:Algorithms must be some of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 with blanks between them, but env:WORDS is something else.",
            "--set Auth:Jwt:KeySetFile must be an environment variable that is set, but there is no GONE.",
            "--set Auth:Jwt:KeySetFile needs Auth:Jwt:Audience: a token for somebody else must not be good here.",
            "--set Auth:Jwt:KeySetFile needs Auth:Jwt:Issuer.",
            "--set Limits:AggregationThreads must be an environment variable that is set, but there is no GONE.",
            $"--set Limits:MaxConnections must be a file of UTF-8 text, but '{binary}' is not.",
            $"--set Limits:MaxFrames must not be empty, but file:{empty} is.",
            $"--set Limits:MaxRequestBytes must be an existing file, but there is no '{_folder.FullName}/gone'.",
            $"--set Limits:MaxSteps must be a whole number between 1 and 100000000, but file:{wrong} is something else.",
            "--set Limits:MaxTotalAggregationBytes must be file:PATH, env:NAME, vault:MOUNT/PATH#FIELD or aws:NAME#FIELD, but was 'env:'.",
            "--set Logging:LogLevel:Mfn must be Trace, Debug, Information, Warning, Error, Critical or None, but env:LEVEL is something else.",
            "--set Reflection:Enabled must be true or false, but env:TRUTH is something else.",
            "--set Runs:MaxRuns must be between 1 and 100000, but env:BEYOND is something else.",
            "--set Shutdown:DrainTime must be a secret that can be read, but Vault:Address does not say where Vault is.",
            "--set Tls:CertificateFile and Tls:KeyFile must be set together.",
            $"--set Tls:CertificateFile must be an existing file, but there is no '{_folder.FullName}/gone'.",
        ],
            settings.Problems.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void TwoThatContradictOneAnother_AreTold_AndNeitherIsShown()
    {
        (_variables["PART"], _variables["WHOLE"]) = ("3000001", "2000002");

        var problem = Assert.Single(Read("--Limits:MaxAggregationBytes=env:PART", "--Limits:MaxTotalAggregationBytes=env:WHOLE").Problems);

        Assert.Equal("--set Limits:MaxAggregationBytes must be at most --set Limits:MaxTotalAggregationBytes, which is env:WHOLE, but was env:PART.", problem);
    }

    [Fact]
    public void Explanation_HasTheReference_AndNotTheValue()
    {
        _variables["STEPS"] = "77777";
        _variables["MFN_Limits__MaxSteps"] = "env:STEPS";
        _variables["KEYS"] = """{ "format_version": 1, "keys": [] }""";

        var report = SettingsReport.Read(["--Auth:ApiKeys:File=env:KEYS"], _variables);

        Assert.Empty(report.Problems);
        var steps = report.Effective.Single(setting => setting.Name == "Limits:MaxSteps");
        Assert.Equal(("***", "env:STEPS", "MFN_Limits__MaxSteps"), (steps.Value, steps.Reference, steps.Source));
        var keys = report.Effective.Single(setting => setting.Name == "Auth:ApiKeys:File");
        Assert.Equal(("env:KEYS", "env:KEYS", "--set Auth:ApiKeys:File"), (keys.Value, keys.Reference, keys.Source));
        Assert.DoesNotContain(report.Effective, setting => setting.ToString().Contains("77777", StringComparison.Ordinal));
    }

    [Fact]
    public void CredentialOfSystemd_IsFoundWhereSystemdSays()
    {
        Write("steps", "8");

        Assert.Equal("--set Limits:MaxSteps must be a credential of systemd, but there is no $CREDENTIALS_DIRECTORY.", Assert.Single(Read("--Limits:MaxSteps=file:$CREDENTIALS_DIRECTORY/steps").Problems));
        _variables["CREDENTIALS_DIRECTORY"] = _folder.FullName;
        Assert.Equal("8", Read("--Limits:MaxSteps=file:$CREDENTIALS_DIRECTORY/steps").Find("Limits:MaxSteps"));
    }

    /// <summary>What a reference stands for is the file then, and its name is nowhere else a file.</summary>
    [Fact]
    public void SettingThatNamesAFile_TakesItsContentByReference()
    {
        var (path, text) = (Write("keys", "content\n"), "");

        Assert.Null(Read($"--Auth:ApiKeys:File=file:{path}").ReadFile("Auth:ApiKeys:File", out text));
        Assert.Equal("content\n", text);
        _variables["KEYS"] = "others";
        Assert.Null(Read("--Auth:ApiKeys:File=env:KEYS").ReadFile("Auth:ApiKeys:File", out text));
        Assert.Equal("others", text);
        Assert.All(Settings.All.Where(setting => setting.Name.EndsWith("File", StringComparison.Ordinal)), setting => Assert.Equal(setting.Name is not ("Audit:File" or "Aws:ProfilesFile"), setting.NamesFile));
    }

    private ServerSettings Read(params string[] arguments) => ServerSettings.Read(arguments, _variables);

    private string Write(string name, string content)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, content);
        return path;
    }
}
