using System.Collections.Immutable;
using Mfn.Core.Randomness;

namespace Mfn.Core.Fractals;

/// <summary>
/// A set of affine maps whose random iteration, the chaos game, draws their attractor (J. E. Hutchinson, 1981; M. F. Barnsley,
/// "Fractals Everywhere", 1988). It is a fractal of its own and says nothing about a simulated field.
/// </summary>
public sealed class IteratedFunctionSystem
{
    // Maps that squash the plane to a line would contribute minus infinity.
    private const double LeastArea = 1e-10;

    private const int LongestDraw = 512;

    private readonly ImmutableArray<double> _logAreas;

    /// <summary>The system of the given maps.</summary>
    /// <exception cref="ArgumentException">There is no map.</exception>
    public IteratedFunctionSystem(ImmutableArray<AffineMap> maps)
    {
        if (maps.IsDefaultOrEmpty)
        {
            throw new ArgumentException("There must be at least one map.", nameof(maps));
        }

        Maps = maps;
        _logAreas = [.. maps.Select(LogArea)];
    }

    /// <summary>The maps, in the order in which they were drawn.</summary>
    public ImmutableArray<AffineMap> Maps { get; }

    /// <summary>Whether every map brings any two points closer together, so that there is one attractor.</summary>
    public bool IsContraction => Maps.All(map => map.LargestStretch < 1.0);

    /// <summary>Draws maps that shrink, turn and move: a scale, an angle and a translation along either axis each, in this order.</summary>
    /// <param name="random">Four doubles are drawn for each map.</param>
    /// <param name="mapCount">The number of maps; at least 1.</param>
    /// <param name="minScale">The least factor on distances.</param>
    /// <param name="maxScale">The greatest factor on distances.</param>
    /// <param name="translationRange">Translations are within ± this value.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no map to draw.</exception>
    public static IteratedFunctionSystem Draw(
        RandomGenerator random, int mapCount, double minScale = 0.2, double maxScale = 0.5, double translationRange = 1.0)
    {
        ArgumentNullException.ThrowIfNull(random);
        ArgumentOutOfRangeException.ThrowIfLessThan(mapCount, 1);

        var maps = ImmutableArray.CreateBuilder<AffineMap>(mapCount);
        for (var i = 0; i < mapCount; i++)
        {
            var scale = random.Uniform(minScale, maxScale);
            var angle = random.Uniform(0.0, 2.0 * Math.PI);
            var e = random.Uniform(-translationRange, translationRange);
            var f = random.Uniform(-translationRange, translationRange);
            var cosine = Math.Cos(angle);
            var sine = Math.Sin(angle);
            maps.Add(new AffineMap(scale * cosine, -scale * sine, scale * sine, scale * cosine, e, f));
        }

        return new IteratedFunctionSystem(maps.MoveToImmutable());
    }

    /// <summary>Plays the chaos game from the origin: each point is the image of the one before under a map drawn uniformly.</summary>
    /// <param name="random">One integer is drawn for each point, none if there is only one map.</param>
    /// <param name="points">Where the points go; the origin itself is not among them.</param>
    /// <returns>
    /// The mean of ln |determinant| over the maps as they were drawn, the sum of the orbit's two Lyapunov exponents: how fast it contracts
    /// areas. It is negative for every system of contractions.
    /// </returns>
    /// <exception cref="ArgumentException">There is no room for a point.</exception>
    public double Iterate(RandomGenerator random, Span<PlanePoint> points)
    {
        ArgumentNullException.ThrowIfNull(random);
        if (points.IsEmpty)
        {
            throw new ArgumentException("There must be room for at least one point.", nameof(points));
        }

        Span<int> drawn = stackalloc int[Math.Min(points.Length, LongestDraw)];
        var point = default(PlanePoint);
        var logArea = 0.0;
        for (var rest = points; !rest.IsEmpty; rest = rest[drawn.Length..])
        {
            drawn = drawn[..Math.Min(drawn.Length, rest.Length)];
            random.FillIntegers(Maps.Length, drawn);
            logArea = Follow(drawn, point, logArea, rest[..drawn.Length]);
            point = rest[drawn.Length - 1];
        }

        return logArea / points.Length;
    }

    /// <summary>
    /// Plays on from a point with the given maps, and returns the sum of the log areas so far. The loop has no call in it, so that the point
    /// and the sum stay in registers.
    /// </summary>
    private double Follow(ReadOnlySpan<int> drawn, PlanePoint point, double logArea, Span<PlanePoint> points)
    {
        var maps = Maps.AsSpan();
        var logAreas = _logAreas.AsSpan();
        for (var i = 0; i < drawn.Length; i++)
        {
            point = maps[drawn[i]].Apply(point);
            points[i] = point;
            logArea += logAreas[drawn[i]];
        }

        return logArea;
    }

    private static double LogArea(AffineMap map)
    {
        var area = Math.Abs(map.Determinant);
        return area > LeastArea ? Math.Log(area) : 0.0;
    }
}
