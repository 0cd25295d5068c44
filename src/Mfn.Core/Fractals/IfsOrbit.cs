using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Mfn.Core.Randomness;
using Mfn.Core.Specs;
using Mfn.Core.Statistics;

namespace Mfn.Core.Fractals;

/// <summary>A random iterated function system and the points that its chaos game has drawn.</summary>
public sealed class IfsOrbit
{
    /// <summary>The coordinate from which on an orbit counts as unbounded.</summary>
    public const double Bound = 100.0;

    private IfsOrbit(IteratedFunctionSystem system, ImmutableArray<PlanePoint> points, double lyapunovExponent)
    {
        System = system;
        Points = points;
        LyapunovExponent = lyapunovExponent;
        LargestCoordinate = LargestMagnitude(MemoryMarshal.Cast<PlanePoint, double>(points.AsSpan()));
    }

    /// <summary>The maps.</summary>
    public IteratedFunctionSystem System { get; }

    /// <summary>The points, in the order in which they were drawn.</summary>
    public ImmutableArray<PlanePoint> Points { get; }

    /// <summary>
    /// The mean log area contraction a point. It lies between 2 ln of the spec's least and greatest scale, hence is negative by construction.
    /// </summary>
    public double LyapunovExponent { get; }

    /// <summary>The largest absolute coordinate.</summary>
    public double LargestCoordinate { get; }

    /// <summary>Whether all coordinates stay within ±<see cref="Bound"/>; the reference raises an error where they do not.</summary>
    public bool IsBounded => LargestCoordinate < Bound;

    /// <summary>Whether areas shrink on average.</summary>
    public bool IsContractive => LyapunovExponent < 0.0;

    /// <summary>Draws the maps and the points from a generator of the spec's seed: the same spec gives the same orbit.</summary>
    /// <exception cref="ArgumentException">The spec has problems; the message lists them all.</exception>
    public static IfsOrbit Generate(IfsSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        spec.FindProblems().ThrowIfAny(nameof(spec));

        var random = new RandomGenerator(spec.Seed);
        var system = IteratedFunctionSystem.Draw(random, spec.MapCount, spec.MinScale, spec.MaxScale, spec.TranslationRange);
        var points = GC.AllocateUninitializedArray<PlanePoint>(spec.PointCount);
        var lyapunovExponent = system.Iterate(random, points);
        return new IfsOrbit(system, ImmutableCollectionsMarshal.AsImmutableArray(points), lyapunovExponent);
    }

    private static double LargestMagnitude(ReadOnlySpan<double> coordinates)
    {
        var extremes = Extremes.None;
        var octets = PairwiseSum.Octets(coordinates, out var rest);
        foreach (var octet in octets)
        {
            extremes.Add(Vector512.Abs(octet));
        }

        foreach (var coordinate in rest)
        {
            extremes.Add(Vector512.Create(Math.Abs(coordinate)));
        }

        return extremes.Maximum;
    }
}
