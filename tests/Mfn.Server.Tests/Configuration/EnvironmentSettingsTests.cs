using System.Collections;
using Mfn.Server.Configuration;

namespace Mfn.Server.Tests.Configuration;

public sealed class EnvironmentSettingsTests
{
    [Fact]
    public void Read_Settings_AreTakenWhateverTheirCase()
    {
        var settings = Read(("MFN_Limits__MaxSteps", "7"), ("MFN_RUNS__MAXRUNS", "3"), ("MFN_URLS", "http://127.0.0.1:0"), ("MFN_Logging__LogLevel__Default", "Debug"));

        Assert.Empty(settings.Problems);
        Assert.Equal(("7", "3"), (settings.Find("Limits:MaxSteps"), settings.Find("Runs:MaxRuns")));
        Assert.Equal(("http://127.0.0.1:0", "Debug"), (settings.Find("Urls"), settings.Find("Logging:LogLevel:Default")));
    }

    [Fact]
    public void Read_TheCommandLinesOwnAndOtherPrograms_AreLeftAlone()
    {
        Assert.Empty(Read(("MFN_SERVER", "http://a"), ("MFN_KEY", "secret"), ("MFN_CONTEXT", "lab"), ("PATH", "/bin"), ("MFNX", "1")).Problems);
    }

    [Theory]
    [InlineData("MFN_Limits__MaxStepz", "MFN_Limits__MaxStepz is no setting; did you mean MFN_Limits__MaxSteps?")]
    [InlineData("MFN_MAXSTEPS", "MFN_MAXSTEPS is no setting; did you mean MFN_Limits__MaxSteps?")]
    [InlineData("MFN_LIMITS_MAXSTEPS", "MFN_LIMITS_MAXSTEPS is no setting; did you mean MFN_Limits__MaxSteps?")]
    [InlineData("MFN_Limit__MaxSteps", "MFN_Limit__MaxSteps is no setting; did you mean MFN_Limits__MaxSteps?")]
    [InlineData("MFN_URL", "MFN_URL is no setting; did you mean MFN_Urls or MFN_Metrics__Url or MFN_Web__Url?")]
    [InlineData("MFN_SERVR", "MFN_SERVR is no setting; did you mean MFN_SERVER?")]
    [InlineData("MFN_NOTHING_LIKE_IT", "MFN_NOTHING_LIKE_IT is no setting.")]
    [InlineData("MFN_Kestrel__AddServerHeader", "MFN_Kestrel__AddServerHeader is no setting.")]
    [InlineData("MFN_SERVICE_HOST", "MFN_SERVICE_HOST is no setting. Kubernetes sets it for a Service that is called mfn, unless the pod has enableServiceLinks: false.")]
    public void Read_Unknown_IsRefusedWithTheNearest(string name, string told)
    {
        Assert.Equal([told], Read((name, "1"), ("MFN_Limits__MaxGridSize", "7")).Problems);
    }

    [Fact]
    public void Read_SeveralUnknown_AreAllNamed()
    {
        Assert.Equal(["MFN_A is no setting.", "MFN_B is no setting."], Read(("MFN_B", "1"), ("MFN_A", "1")).Problems);
    }

    [Fact]
    public void Read_TheSameInTwoCases_IsRefused()
    {
        Assert.Equal(
            ["MFN_LIMITS__MAXSTEPS and MFN_Limits__MaxSteps are the same setting, which can be given once."],
            Read(("MFN_LIMITS__MAXSTEPS", "1"), ("MFN_Limits__MaxSteps", "2")).Problems);
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

    private static ServerSettings Read(params (string Name, string Value)[] variables)
    {
        var environment = new Hashtable();
        foreach (var (name, value) in variables)
        {
            environment[name] = value;
        }

        return ServerSettings.Read([], environment);
    }
}
