using Mfn.Core.Simulation;

namespace Mfn.Core.Tests.Simulation;

public sealed class CellMemoryTests
{
    public static TheoryData<int> Lengths => [1, 7, 8, 9, 15, 16, 17, 1000, 1023, 1024, 1025, 262_145];

    [Theory, MemberData(nameof(Lengths))]
    public void Rent_AnyLength_IsAtMostAnEighthLonger(int length) =>
        Assert.InRange(CellMemory<short>.Rent(length).Length, length, length + (length / 8) + 1);

    [Fact]
    public void Rent_OfAboutTheSizeOfOneThatCameBack_IsThatOne()
    {
        // Nothing else has cells of this type.
        var array = CellMemory<ushort>.Rent(1000);
        CellMemory<ushort>.Return(array);

        Assert.NotSame(array, CellMemory<ushort>.Rent(2000));
        Assert.Same(array, CellMemory<ushort>.Rent(970));
    }
}
