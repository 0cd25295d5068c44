using Mfn.Contracts.V1;

namespace Mfn.Benchmarks.Pricing;

/// <summary>Simulations that are drawn from all that a caller can ask for: models, sizes, precisions, integrators, noise, features, fields in the answer.</summary>
internal sealed class RandomSpecs(int seed)
{
    private const double LeastExtent = 16;
    private const double MostExtent = 512;
    private const double LeastPrice = 2e6;
    private const double MostPrice = 2e8;
    private const int MostSteps = 10_000;

    private static readonly Action<SimulationSpec>[] Models =
    [
        spec => spec.GrayScott = new GrayScott(),
        spec => spec.FitzhughNagumo = new FitzHughNagumo(),
        spec => spec.Schnakenberg = new Schnakenberg(),
        spec => spec.Brusselator = new Brusselator(),
        spec => spec.GiererMeinhardt = new GiererMeinhardt(),
        spec => spec.Barkley = new Barkley(),
        spec => spec.SwiftHohenberg = new SwiftHohenberg(),
        spec => spec.Cubic = new CubicPolynomial { F10 = -1, G01 = -1 },
    ];

    private readonly Random _random = new(seed);

    /// <summary>The next one, whose steps make its price one between 2e6 and 2e8 cell-steps.</summary>
    public SimulateRequest Next()
    {
        var request = new SimulateRequest { Spec = Happens(0.4) ? Reference() : Kinetics() };
        if (Happens(0.3))
        {
            request.Features = new FeatureOptions();
        }

        request.FractalDimension = Happens(0.2);
        if (request.Spec.KineticsCase != SimulationSpec.KineticsOneofCase.None && Happens(0.1))
        {
            request.PatternFeatures = new PatternFeatureOptions();
        }

        request.FieldEncoding = Happens(0.2) ? FieldEncoding.Float32 : FieldEncoding.Unspecified;
        return request;
    }

    private SimulationSpec Reference()
    {
        var size = Extent();
        var spec = new SimulationSpec
        {
            Variant = Happens(0.3) ? SimulationVariant.Engine : SimulationVariant.Model,
            GridSize = size,
            Seed = _random.Next(),
            JitterEnabled = Happens(0.15),
            Precision = AnyPrecision(),
        };
        spec.TuringEnabled = spec.Variant == SimulationVariant.Engine || !Happens(0.15);
        spec.Steps = Steps(size * size * (spec.JitterEnabled ? 7.0 : 1));
        return spec;
    }

    private SimulationSpec Kinetics()
    {
        var spec = new SimulationSpec
        {
            Seed = _random.Next(),
            Precision = AnyPrecision(),
            Domain = new Domain { Rows = Extent(), Columns = Extent() },
        };
        Models[_random.Next(Models.Length)](spec);
        var weight = 1.0;
        if (spec.KineticsCase != SimulationSpec.KineticsOneofCase.SwiftHohenberg)
        {
            if (Happens(0.2))
            {
                spec.Integrator = Integrator.Adi;
                weight = 4;
            }
            else if (Happens(0.25))
            {
                spec.Domain.Laplacian = LaplacianStencil.NinePoint;
            }
        }

        if (Happens(0.3))
        {
            spec.Domain.Boundaries.Add(new SpeciesBoundary { Kind = Boundary.Neumann });
        }

        if (Happens(0.1))
        {
            spec.Noise = new Noise { Additive = { Enumerable.Repeat(1e-4, spec.KineticsCase == SimulationSpec.KineticsOneofCase.SwiftHohenberg ? 1 : 2) } };
            weight += 6 * spec.Noise.Additive.Count;
        }

        spec.Steps = Steps(spec.Domain.Rows * spec.Domain.Columns * weight);
        return spec;
    }

    private int Extent() => (int)Math.Round(LogUniform(LeastExtent, MostExtent));

    private int Steps(double priceOfStep) => Math.Clamp((int)(LogUniform(LeastPrice, MostPrice) / priceOfStep), 1, MostSteps);

    private Precision AnyPrecision() => Happens(0.5) ? Precision.Binary64 : Precision.Binary32;

    private double LogUniform(double low, double high) => low * Math.Pow(high / low, _random.NextDouble());

    private bool Happens(double probability) => _random.NextDouble() < probability;
}
