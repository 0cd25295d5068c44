using System.Numerics;
using Mfn.Core.Vectors;

namespace Mfn.Core.Tests.Vectors;

/// <summary>Which instructions a width has depends on the processor, so that these tests mean something else where some are switched off.</summary>
public class TranspositionTests
{
    [Fact]
    public void Transpose_AnyWidth_ExchangesRowsAndColumns()
    {
        AssertTransposed<double, Bits128<double>>();
        AssertTransposed<double, Bits256<double>>();
        AssertTransposed<double, Bits512<double>>();
        AssertTransposed<float, Bits128<float>>();
        AssertTransposed<float, Bits256<float>>();
        AssertTransposed<float, Bits512<float>>();
    }

    private static void AssertTransposed<T, TVector>()
        where T : unmanaged, INumber<T>
        where TVector : struct, IVector<TVector, T>
    {
        var (sourceStride, destinationStride) = (TVector.Count + 3, TVector.Count + 1);
        var source = Enumerable.Range(1, TVector.Count * sourceStride).Select(T.CreateChecked).ToArray();
        var destination = new T[TVector.Count * destinationStride];
        TVector.Transpose(ref source[0], sourceStride, ref destination[0], destinationStride);
        for (var row = 0; row < TVector.Count; row++)
        {
            for (var column = 0; column < TVector.Count; column++)
            {
                Assert.Equal(source[(row * sourceStride) + column], destination[(column * destinationStride) + row]);
            }

            Assert.Equal(T.Zero, destination[(row * destinationStride) + TVector.Count]);
        }
    }
}
