using System.Collections;
using Mfn.Server.Configuration;
using Microsoft.Extensions.Configuration;

namespace Mfn.Server.Tests.Configuration;

public sealed class EnvironmentSettingsTests
{
    [Fact]
    public void AddTo_Settings_AreTakenWhateverTheirCase()
    {
        var configuration = Build(("MFN_Limits__MaxSteps", "7"), ("MFN_RUNS__MAXRUNS", "3"), ("MFN_URLS", "http://127.0.0.1:0"), ("MFN_Logging__LogLevel__Default", "Debug"));

        Assert.Equal(("7", "3"), (configuration["Limits:MaxSteps"], configuration["Runs:MaxRuns"]));
        Assert.Equal(("http://127.0.0.1:0", "Debug"), (configuration["Urls"], configuration["Logging:LogLevel:Default"]));
    }

    [Fact]
    public void AddTo_TheCommandLinesOwnAndOtherPrograms_AreLeftAlone()
    {
        var configuration = Build(("MFN_SERVER", "http://a"), ("MFN_KEY", "secret"), ("MFN_CONTEXT", "lab"), ("PATH", "/bin"), ("MFNX", "1"));

        Assert.Empty(configuration.AsEnumerable());
    }

    [Theory]
    [InlineData("MFN_Limits__MaxStepz", "The environment variable MFN_Limits__MaxStepz is no setting; did you mean MFN_Limits__MaxSteps?")]
    [InlineData("MFN_Limit__MaxSteps", "did you mean MFN_Limits__MaxSteps?")]
    [InlineData("MFN_URL", "did you mean MFN_Urls?")]
    [InlineData("MFN_NOTHING_LIKE_IT", "The environment variable MFN_NOTHING_LIKE_IT is no setting.")]
    [InlineData("MFN_SERVICE_HOST", "enableServiceLinks: false")]
    public void AddTo_Unknown_IsRefusedWithTheNearest(string name, string reason)
    {
        var error = Assert.Throws<InvalidDataException>(() => Build((name, "1"), ("MFN_Limits__MaxSteps", "7")));

        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AddTo_SeveralUnknown_AreAllNamed()
    {
        var error = Assert.Throws<InvalidDataException>(() => Build(("MFN_B", "1"), ("MFN_A", "1")));

        Assert.Equal("The environment variable MFN_A is no setting. The environment variable MFN_B is no setting.", error.Message);
    }

    [Theory]
    [InlineData("", "abc", 3)]
    [InlineData("grid", "grid", 0)]
    [InlineData("gird", "grid", 1)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("ca", "abc", 3)]
    public void Distance_KnownPairs_AreAsPublished(string from, string to, int expected)
    {
        Assert.Equal(expected, NearestName.Distance(from, to));
        Assert.Equal(expected, NearestName.Distance(to, from));
    }

    private static IConfigurationRoot Build(params (string Name, string Value)[] variables)
    {
        var environment = new Hashtable();
        foreach (var (name, value) in variables)
        {
            environment[name] = value;
        }

        var builder = new ConfigurationBuilder();
        EnvironmentSettings.AddTo(builder, environment);
        return builder.Build();
    }
}
