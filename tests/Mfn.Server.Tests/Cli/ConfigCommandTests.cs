using System.Collections;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Mfn.Server.Configuration;
using Mfn.Server.Identity;
using Mfn.Server.Tests.Configuration;

namespace Mfn.Server.Tests.Cli;

/// <summary>Settings without a server: where each comes from, what is wrong with files, and those of the reference.</summary>
public sealed class ConfigCommandTests : IDisposable
{
    private const int MixtureCount = 50;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mfn-config-");

    /// <summary>Of 50 random mixtures of command line, variables, file and environment every setting has its value and the name that its giver has for it.</summary>
    [Fact]
    public void Report_RandomMixtures_NamesTheSourceOfEveryValue()
    {
        var random = new Random(18);
        var path = Path.Combine(_folder.FullName, "mfn.json");
        var settings = Settings.All.Where(setting => (setting.IsWhole && setting.Name.StartsWith("Runs:", StringComparison.Ordinal)) || setting.IsTime || setting.IsSwitch).ToArray();
        for (var i = 0; i < MixtureCount; i++)
        {
            var (file, variables, arguments, expected) = (new JsonObject(), new Hashtable(), new List<string>(), new Dictionary<string, (string Value, string Source)>());
            var preset = random.Next(3) == 0 ? "dev" : null;
            if (preset is not null)
            {
                arguments.Add($"--environment={preset}");
                expected["Shutdown:DrainTime"] = ("00:00:01", "environment dev: Shutdown:DrainTime");
                expected["Web:AllowedOrigins"] = ("http://localhost:3000,http://localhost:8080", "environment dev: Web:AllowedOrigins");
                expected["Logging:LogLevel:Mfn"] = ("Debug", "environment dev: Logging:LogLevel:Mfn");
            }

            foreach (var setting in settings.OrderBy(_ => random.Next()).Take(12))
            {
                var value = setting.IsSwitch ? setting.Name == "Auth:Required" || setting.Name == "Tls:Required" ? "false" : "true" : Convert.ToString(setting.Least, CultureInfo.InvariantCulture)!;
                var (inFile, inVariables, inArguments) = (random.Next(2) == 0, random.Next(2) == 0, random.Next(2) == 0);
                if (inFile)
                {
                    Put(file, setting.Name, setting.IsSwitch ? bool.Parse(value) : setting.IsWhole ? long.Parse(value, CultureInfo.InvariantCulture) : value);
                    expected[setting.Name] = (value, $"{path}: {setting.Name}");
                }

                if (inVariables)
                {
                    var name = $"MFN_{setting.Name.Replace(":", "__", StringComparison.Ordinal)}";
                    variables[name] = value;
                    expected[setting.Name] = (value, name);
                }

                if (inArguments)
                {
                    arguments.AddRange("--set", $"{setting.Name}={value}");
                    expected[setting.Name] = (value, $"--set {setting.Name}");
                }
            }

            File.WriteAllText(path, file.ToJsonString());

            var report = SettingsReport.Read([.. arguments, $"--config={path}"], variables);

            Assert.Empty(report.Problems);
            Assert.Equal(
                expected.OrderBy(each => each.Key, StringComparer.Ordinal).Select(each => (each.Key, each.Value.Value, each.Value.Source)),
                report.Effective.Where(each => each.Source is not null).OrderBy(each => each.Name, StringComparer.Ordinal).Select(each => (each.Name, each.Value!, each.Source!)));
            Assert.All(report.Effective.Where(each => each.Source is null), each => Assert.Equal(Settings.Find(each.Name)!.Default is var usual && usual == "none" ? null : usual, each.Value));
        }
    }

    [Fact]
    public void Report_UrlWithAPassword_IsMasked()
    {
        var report = SettingsReport.Read(["--set", "Auth:Jwt:Authority=https://name:secret@issuer.example", "--set", "Auth:Jwt:Audience=mfn"], new Hashtable());

        Assert.Equal("https://***@issuer.example", report.Effective.Single(setting => setting.Name == "Auth:Jwt:Authority").Value);
    }

    public static TheoryData<string> Environments => [.. EnvironmentPresets.Names];

    [Theory, MemberData(nameof(Environments))]
    public async Task EnvironmentFile_IsTheOneOfConfigs_AndWhatItsSchemaSays(string name)
    {
        var path = Path.Combine(DocumentedSetting.Repository(), "configs", $"{name}.json");
        var schema = Json.Schema.JsonSchema.FromText(await File.ReadAllTextAsync(Path.Combine(DocumentedSetting.Repository(), "configs", "mfn.schema.json")));
        using var file = JsonDocument.Parse(await File.ReadAllTextAsync(path));
        Assert.True(schema.Evaluate(file.RootElement).IsValid);

        var byName = SettingsReport.Read([$"--environment={name}"], new Hashtable()).Effective.Where(setting => setting.Source is not null);
        var byFile = SettingsReport.Read([$"--config={path}"], new Hashtable()).Effective.Where(setting => setting.Source is not null);
        var byVariable = SettingsReport.Read([], new Hashtable { ["MFN_ENVIRONMENT"] = name }).Effective.Where(setting => setting.Source is not null);

        Assert.Equal(byFile.Select(setting => (setting.Name, setting.Value)), byName.Select(setting => (setting.Name, setting.Value)));
        Assert.Equal(byName, byVariable);
    }

    [Theory]
    [InlineData("staging")]
    [InlineData("prod")]
    [InlineData("edge")]
    public void Environment_OfNetworks_HasNoStrangersAndNoClearText(string name)
    {
        var keys = Path.Combine(_folder.FullName, "keys.json");
        using (var file = File.Create(keys))
        {
            ApiKeyFile.Write(file, [new ApiKey("0123456789ab", "lab", TenantName.Default, Roles.Operator, ApiKeyText.Hash("x"), DateTimeOffset.UnixEpoch, Expires: null, Revoked: null)]);
        }

        Assert.Equal(
            [$"Urls has http://127.0.0.1:50051 (the default), but environment {name}: Tls:Required wants https:// addresses alone, or Auth:Proxies:Addresses, what ends TLS in front of the server.",
             $"environment {name}: Auth:Required needs Auth:ApiKeys:File (mfn key create), Tls:ClientAuthorityFile or Auth:Jwt:Authority, so that callers can show who they are."],
            Problems($"--environment={name}"));
        Assert.Equal(
            [$"--set Auth:AllowAnonymous contradicts environment {name}: Auth:Required."],
            Problems($"--environment={name}", "--urls=http://unix:/tmp/mfn.sock", "--set", $"Auth:ApiKeys:File={keys}", "--set", "Auth:AllowAnonymous=true"));
        Assert.Empty(Problems($"--environment={name}", "--set", "Auth:Proxies:Addresses=127.0.0.1", "--set", "Auth:Proxies:CertificateHeader=x-forwarded-client-cert"));
        Assert.Empty(Problems($"--environment={name}", "--urls=http://unix:/tmp/mfn.sock", "--set", $"Auth:ApiKeys:File={keys}"));
    }

    [Theory]
    [InlineData("prod", false)]
    [InlineData("edge", false)]
    [InlineData("staging", true)]
    [InlineData("dev", true)]
    public async Task Reflection_IsThereIfTheEnvironmentHasIt(string name, bool isThere)
    {
        await using var server = MfnServer.Build($"--environment={name}", "--urls=http://127.0.0.1:0", "--set", "Tls:Required=false", "--set", "Auth:Required=false");

        var served = ((Microsoft.AspNetCore.Routing.IEndpointRouteBuilder)server).DataSources.SelectMany(source => source.Endpoints).Select(endpoint => endpoint.DisplayName ?? "");

        Assert.Equal(isThere, served.Any(name => name.Contains("grpc.reflection", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("MFN_ENV", "set MFN_ENVIRONMENT, or --environment, to dev, staging, prod or edge")]
    [InlineData("MFN_CORS_ORIGINS", "set MFN_Web__AllowedOrigins")]
    [InlineData("MFN_API_KEY", "API keys are in the file of Auth:ApiKeys:File, which mfn key create makes")]
    [InlineData("MFN_LOG_LEVEL", "set MFN_Logging__LogLevel__Default")]
    public void VariableOfTheReference_IsRefusedWithWhatReplacesIt(string variable, string instead)
    {
        Assert.Equal([$"{variable} is no setting, but of MyceliumFractalNet: {instead}."], SettingsReport.Read([], new Hashtable { [variable] = "x" }).Problems);
    }

    /// <summary>What replaces a variable is a setting that there is.</summary>
    [Fact]
    public void VariablesOfTheReference_NameSettingsThatThereAre()
    {
        foreach (var name in ReferenceVariables.Names)
        {
            foreach (System.Text.RegularExpressions.Match setting in System.Text.RegularExpressions.Regex.Matches(ReferenceVariables.Find(name)!, @"MFN_[A-Za-z]+(__[A-Za-z]+)+|\b[A-Z][A-Za-z]+(:[A-Z][A-Za-z]+)+"))
            {
                Assert.NotNull(Settings.Find(setting.Value.Replace("MFN_", "", StringComparison.Ordinal).Replace("__", ":", StringComparison.Ordinal)));
            }
        }
    }

    [Fact]
    public async Task Import_FileOfTheReference_SaysWhatBecomesOfEachValue()
    {
        var path = Path.Combine(_folder.FullName, "prod.json");
        await File.WriteAllTextAsync(path, """
            {
              "name": "prod", "environment": "production",
              "api": { "host": "127.0.0.1", "port": 8000, "reload": false, "cors_origins": [], "docs_enabled": false },
              "logging": { "level": "WARNING", "format": "json" },
              "validation": { "seed": 42, "epochs": 5, "batch_size": 32, "grid_size": 128, "steps": 128, "device": "cpu" },
              "model": { "input_dim": 4, "use_stdp": true },
              "simulation": { "turing_enabled": true, "turing_threshold": 0.75, "quantum_jitter": true, "jitter_var": 0.0005 },
              "federated": { "num_clusters": 100, "byzantine_fraction": 0.2, "sample_fraction": 0.1 },
              "limits": { "max_grid_size": 256, "max_steps": 500, "max_samples": 1000, "request_timeout_seconds": 60 },
              "expected_metrics": { "fractal_dim_range": [1.4, 1.9] },
              "mystery": 1
            }
            """);
        var target = Path.Combine(_folder.FullName, "mfn.json");

        var (exitCode, output, error) = await InProcess.RunAsync("config", "import", path, "--out", target, "--json");

        Assert.Equal((0, $"wrote {target}\n"), (exitCode, error));
        using var answer = JsonDocument.Parse(output);
        var outcomes = answer.RootElement.GetProperty("values").EnumerateArray().ToLookup(value => value.GetProperty("outcome").GetString()!, value => value.GetProperty("from").GetString()!);
        Assert.Equal(30, outcomes.Sum(group => group.Count()));
        Assert.Equal(["name", "api.reload", "api.cors_origins", "logging.format", "validation.device", "model.input_dim", "model.use_stdp", "limits.max_samples", "limits.request_timeout_seconds", "expected_metrics.fractal_dim_range"], outcomes["no_meaning"]);
        Assert.Equal(["environment", "api.host", "api.port", "api.docs_enabled", "logging.level", "simulation.turing_enabled", "simulation.quantum_jitter"], outcomes["translated"]);
        Assert.Equal(["mystery"], outcomes["unknown"]);
        Assert.Equal(
            ["mfn simulate --seed 42 --grid 128 --steps 128 --turing-threshold 0.75 --jitter --jitter-variance 0.0005",
             "mfn validate --seed 42 --epochs 5 --batch-size 32 --grid 128 --steps 128 --jitter",
             "mfn aggregate FILE --rule hierarchical-krum --variant mfn-4.1-compat --clusters 100 --byzantine-fraction 0.2 --sample-fraction 0.1"],
            answer.RootElement.GetProperty("commands").EnumerateArray().Select(command => command.GetString()));
        var imported = SettingsReport.Read([$"--config={target}"], new Hashtable());
        Assert.Empty(imported.Problems);
        Assert.Equal(
            [("Urls", "http://127.0.0.1:8000"), ("Limits:MaxGridSize", "256"), ("Limits:MaxSteps", "500"), ("Reflection:Enabled", "false"), ("Logging:LogLevel:Default", "Warning")],
            imported.Effective.Where(setting => setting.Source is not null).Select(setting => (setting.Name, setting.Value!)));

        // The commands that it names are taken as they are.
        var (simulated, _, problem) = await InProcess.RunAsync([.. answer.RootElement.GetProperty("commands")[0].GetString()!.Split(' ')[1..], "-q"]);
        Assert.Equal((0, ""), (simulated, problem));
    }

    [Theory]
    [InlineData("""{ "limits": { "max_steps": "x" }, "simulation": { "turing_enabled": 1 }, "logging": { "level": "LOUD" } }""", "limits.max_steps must be a whole number between 1 and 100000000, but was \"x\".", "simulation.turing_enabled must be true or false, but was 1.", "logging.level must be DEBUG, INFO, WARNING, ERROR or CRITICAL, but was \"LOUD\".")]
    [InlineData("[]", "FILE must be a JSON object, but 'reference.json' is not.")]
    [InlineData("{", "FILE must be JSON, but 'reference.json' is not: ")]
    [InlineData(null, "Could not find file 'reference.json'.")]
    public async Task Import_WhatCannotBe_IsRefusedWithAllProblems(string? content, params string[] problems)
    {
        var path = Path.Combine(_folder.FullName, "reference.json");
        if (content is not null)
        {
            await File.WriteAllTextAsync(path, content);
        }

        var (exitCode, output, error) = await InProcess.RunAsync("config", "import", path);

        Assert.Equal((2, ""), (exitCode, output));
        Assert.All(problems, problem => Assert.Contains($"mfn: {problem}", error.Replace(path, "reference.json", StringComparison.Ordinal), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Check_FileThatAServerWouldNotStartWith_TellsAllProblems()
    {
        var path = Path.Combine(_folder.FullName, "mfn.json");
        await File.WriteAllTextAsync(path, """{ "Limits": { "MaxSteps": 0, "MaxStep": 5 }, "Tls": { "CertificateFile": "missing.pem" } }""");

        var (exitCode, output, error) = await InProcess.RunAsync("config", "check", path);

        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains($"{path}: Limits:MaxSteps must be between 1 and 100000000, but was 0.", error, StringComparison.Ordinal);
        Assert.Contains($"{path}: Limits:MaxStep is no setting; did you mean Limits:MaxSteps", error, StringComparison.Ordinal);
        Assert.Contains("Tls:CertificateFile must be an existing file, but there is no 'missing.pem'.", error, StringComparison.Ordinal);
        (exitCode, _, error) = await InProcess.RunAsync("config", "check", $"{path}x");
        Assert.Equal((2, $"mfn: FILE must be an existing file, but there is no '{path}x'.\n"), (exitCode, error));
    }

    /// <summary>What has no end is not read to it.</summary>
    [Fact]
    public async Task Import_WhatIsTooLarge_IsRefused()
    {
        var (exitCode, output, error) = await InProcess.RunAsync("config", "import", "/dev/zero");

        Assert.Equal((2, "", "mfn: FILE must be a file of at most 1 MiB, but '/dev/zero' is larger.\n"), (exitCode, output, error));
    }

    [Fact]
    public async Task Schema_IsPrintedAsItIsInConfigs()
    {
        var (exitCode, output, _) = await InProcess.RunAsync("config", "schema");

        Assert.Equal((0, await File.ReadAllTextAsync(Path.Combine(DocumentedSetting.Repository(), "configs", "mfn.schema.json"))), (exitCode, output));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static IReadOnlyList<string> Problems(params string[] arguments) => SettingsReport.Read(arguments, new Hashtable()).Problems;

    private static void Put(JsonObject root, string name, JsonNode value)
    {
        var path = name.Split(':');
        path[..^1].Aggregate(root, (place, key) => (JsonObject)(place[key] ??= new JsonObject()))[path[^1]] = value;
    }
}
