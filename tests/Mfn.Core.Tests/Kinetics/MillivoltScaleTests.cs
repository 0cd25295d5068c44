using Mfn.Core.Kinetics;

namespace Mfn.Core.Tests.Kinetics;

public sealed class MillivoltScaleTests
{
    public static TheoryData<int> Lengths => [.. Enumerable.Range(0, 35)];

    [Theory, MemberData(nameof(Lengths))]
    public void Apply_AnyLength_IsTheMapCellByCell(int length)
    {
        var scale = new MillivoltScale(-70.1, 99.7);
        var concentrations = Enumerable.Range(0, length).Select(i => Math.Sin(i) * 3).ToArray();
        var volts = new double[length + 1];

        scale.Apply(concentrations, volts);

        Assert.Equal([.. concentrations.Select(value => ((value * 99.7) + -70.1) / 1000), 0], volts);
    }
}
