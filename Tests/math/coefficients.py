#!/usr/bin/env python3
"""Prints the polynomial coefficients and the reduction tables of Runtime/include/descent_math*.h.

Takes nothing, or the words that a block's name must hold; gives one block per polynomial. Needs mpmath. Method: Remez exchange on a dense Chebyshev grid for
max weight * |f - sum c_j x^p_j|; then coefficients are rounded to the target precision one at a time, lowest power
first, and the others are fitted again, so that each rounding is made good by the next; plain rounding where that is better.
"""
import sys
from mpmath import mp, mpf, matrix, lu_solve, log, tanh, erf, erfc, sin, cos, sqrt, pi, floor, ldexp, frexp, nint

mp.dps = 60


def rounded(c, bits):
    m, e = frexp(c)
    return ldexp(nint(ldexp(m, bits)), e - bits)


def exchange(fs, ws, xs, powers):
    """Remez exchange on the grid xs; returns the coefficients and the levelled error."""
    n = len(powers)
    count = len(xs)
    table = [[x**p for p in powers] for x in xs]
    ref = [round(i * (count - 1) / n) for i in range(n + 1)]
    for _ in range(30):
        a = matrix(n + 1, n + 1)
        b = matrix(n + 1, 1)
        for i, g in enumerate(ref):
            for j in range(n):
                a[i, j] = table[g][j]
            a[i, n] = (-1)**i / ws[g]
            b[i] = fs[g]
        c = lu_solve(a, b)
        err = [ws[g] * (fs[g] - sum(c[j] * table[g][j] for j in range(n))) for g in range(count)]
        peaks = []  # the largest error of each run of one sign
        for g in range(count):
            if peaks and (err[g] > 0) == (err[peaks[-1]] > 0):
                if abs(err[g]) > abs(err[peaks[-1]]):
                    peaks[-1] = g
            else:
                peaks.append(g)
        while len(peaks) > n + 1:
            peaks.pop(0 if abs(err[peaks[0]]) < abs(err[peaks[-1]]) else -1)
        worst = max(abs(e) for e in err)
        if len(peaks) < n + 1 or worst <= abs(c[n]) * mpf('1.0001'):
            break
        ref = peaks
    return [c[j] for j in range(n)], worst


def fit(name, f, w, powers, lo, hi, bits, points=600):
    if not all(word in name for word in sys.argv[1:]):
        return
    lo, hi = mpf(lo), mpf(hi)
    xs = [(lo + hi) / 2 - (hi - lo) / 2 * cos(pi * (i + mpf(1) / 2) / points) for i in range(points)]
    fs, ws = [f(x) for x in xs], [w(x) for x in xs]
    powers = list(powers)
    best, first = exchange(fs, ws, xs, powers)
    error = lambda c: max(abs(w * (f - sum(k * x**p for k, p in zip(c, powers)))) for f, w, x in zip(fs, ws, xs))
    plain = [rounded(k, bits) for k in best]
    done, rest = [rounded(best[0], bits)], fs
    try:
        for i in range(1, len(powers)):
            rest = [r - done[-1] * x**powers[i - 1] for r, x in zip(rest, xs)]
            done.append(rounded(exchange(rest, ws, xs, powers[i:])[0][0], bits))
    except ZeroDivisionError:  # what is left is at the rounding level already
        done = plain
    done = min(plain, done, key=error)
    last = error(done)
    print(f'{name}: error 2^{float(log(first, 2)):.1f}, with rounded coefficients 2^{float(log(last, 2)):.1f}')
    for p, c in zip(powers, done):
        print(f'  {p:3d} {mp.nstr(c, 9 if bits == 24 else 17)}{"f" if bits == 24 else ""}')
    sys.stdout.flush()


def polynomials():
    half_ln2 = mpf('0.3466')
    root = sqrt(mpf(2))
    quarter = pi / 4 * mpf('1.0001')
    series = lambda z, a, b, n=40: sum(a(i) * z**i / b(i) for i in range(n))
    fact = mp.factorial
    expm1_tail = lambda r: series(r, lambda i: 1, lambda i: fact(i + 2))              # (e^r - 1 - r) / r^2
    sin_tail = lambda z: series(z, lambda i: (-1)**(i + 1), lambda i: fact(2 * i + 3))  # (sin r - r) / r^3, z = r^2
    cos_tail = lambda z: series(z, lambda i: (-1)**i, lambda i: fact(2 * i + 4))        # (cos r - 1 + r^2/2) / r^4
    atanh_tail = lambda z: series(z, lambda i: 2, lambda i: 2 * i + 3, 60)              # (2 atanh s - 2 s) / s^3
    log_tail = lambda f: (log(1 + f) - f + f * f / 2) / f**3 if abs(f) > 1e-9 else mpf(1) / 3 - f / 4
    tanh_tail = lambda z: (tanh(sqrt(z)) / sqrt(z) - 1) / z if z > 1e-20 else -mpf(1) / 3 + 2 * z / 15
    erf_tail = lambda z: erf(sqrt(z)) / sqrt(z) - 1 if z > 1e-20 else 2 / sqrt(pi) * (1 - z / 3) - 1
    # e^(a^2/2) (a + c) times the normal distribution function of -a, as a smooth function of s = a / (a + c).
    def mills(c, s):
        a = c * s / (1 - s)
        return mp.exp(a * a / 2) * erfc(a / root) / 2 * (a + c)
    ratio = lambda z, g: g(sqrt(z)) / sqrt(z)
    z_floor = mpf('1e-12')
    for bits, d in ((24, dict(exp=5, tanh=5, erf=7, erfc=9, log=9, sin=3, cos=3)),
                    (53, dict(exp=11, tanh=12, erf=13, erfc=21, atanh=7, sin=7, cos=7))):
        kind = 'f32' if bits == 24 else 'f64'
        fit(f'{kind} exp, expm1: (e^r-1-r)/r^2 in r', expm1_tail, lambda r: abs(r * r / mp.expm1(r)),
            range(d['exp']), -half_ln2, half_ln2, bits)
        fit(f'{kind} tanh: (tanh x - x)/x^3 in x^2', tanh_tail, lambda z: z / ratio(z, tanh),
            range(d['tanh']), z_floor, mpf('0.625')**2, bits)
        fit(f'{kind} erf: erf(x)/x - 1 in x^2', erf_tail, lambda z: 1 / ratio(z, erf),
            range(d['erf']), z_floor, 1, bits)
        top = 4 if bits == 24 else 6
        fit(f'{kind} erf: log(erfc a) in a-1', lambda t: log(erfc(1 + t)), lambda t: erfc(1 + t),
            range(d['erfc']), 0, top - 1, bits)
        if bits == 24:
            c, end = mpf('2.5'), mpf('14.5') / 17
            fit('f32 normal_cdf: e^(a^2/2) (a+5/2) P(-a) in a/(a+5/2)', lambda s: mills(c, s), lambda s: 1 / mills(c, s),
                range(11), 0, end, bits)
        else:
            c, end = mpf(5), mpf('33.7') / mpf('43.7')
            fit('f64 normal_cdf: e^(a^2/2) (a+5) P(-a) in (a-5)/(a+5)', lambda t: mills(c, (1 + t) / 2),
                lambda t: 1 / mills(c, (1 + t) / 2), range(25), -1, end, bits)
        if bits == 24:
            fit('f32 log: (log(1+f)-f+f^2/2)/f^3 in f', log_tail, lambda f: abs(f**3 / log(1 + f)) if f else mpf(0),
                range(d['log']), 1 / root - 1, root - 1, bits)
        else:
            s = mpf('0.17158')
            fit('f64 log: (2 atanh s - 2 s)/s^3 in s^2', atanh_tail, lambda z: z / 2,
                range(d['atanh']), z_floor, s * s, bits)
        fit(f'{kind} sin: (sin r - r)/r^3 in r^2', sin_tail, lambda z: z / ratio(z, sin),
            range(d['sin']), z_floor, quarter**2, bits)
        fit(f'{kind} cos: (cos r - 1 + r^2/2)/r^4 in r^2', cos_tail, lambda z: z * z / cos(sqrt(z)),
            range(d['cos']), z_floor, quarter**2, bits)
    fit('pow f32 (in double): (log2 m)/s in s^2', lambda z: 2 * (1 + z * atanh_tail(z) / 2) / log(2), lambda z: mpf(1) / 3,
        range(5), z_floor, mpf('0.17158')**2, 53)
    fit('pow f32 (in double): (2^r - 1)/r in r', lambda r: mp.expm1(r * log(2)) / r if abs(r) > 1e-12 else log(2), lambda r: abs(r),
        range(7), -mpf('0.5001'), mpf('0.5001'), 53)
    fit('pow f64: (2 atanh s - 2 s - 2 s^3/3)/s^5 in s^2', lambda z: series(z, lambda i: 2, lambda i: 2 * i + 5, 60),
        lambda z: z * z, range(7), z_floor, mpf('0.17158')**2, 53)


def circular():
    """Of descent_math_circular.h and descent_math_powers.h, all in f64."""
    ratio = lambda z, g: g(sqrt(z)) / sqrt(z)
    tail = lambda g, first: lambda z: (ratio(z, g) - 1) / z if z > 1e-20 else first
    z_floor = mpf('1e-12')
    for name, g, first, count, top in (('atan', mp.atan, -mpf(1) / 3, 11, (sqrt(mpf(2)) - 1)**2 * mpf('1.00001')),
                                       ('asin', mp.asin, mpf(1) / 6, 12, mpf(1) / 4), ('sinh', mp.sinh, mpf(1) / 6, 7, 1)):
        fit(f'{name}: ({name} x - x)/x^3 in x^2', tail(g, first), lambda z: z / ratio(z, g), range(count), z_floor, top, 53)
    fit('cbrt: cbrt m in m', mp.cbrt, lambda m: 1 / mp.cbrt(m), range(4), 1, 2, 53)


def upper_quantile(s):
    """The number above which the normal distribution has probability e^(-s^2), by Newton's method on its logarithm."""
    z = sqrt(mpf(2)) * s - log(4 * pi * s * s) / (2 * sqrt(mpf(2)) * s) if s > 2 else mpf(1)
    for _ in range(100):
        p = erfc(z / sqrt(mpf(2))) / 2
        step = (log(p) + s * s) * p * sqrt(2 * pi) * mp.exp(z * z / 2)
        z += step
        if abs(step) < mpf(10)**-50:
            return z
    raise ArithmeticError(s)


def special():
    """Of descent_math_special.h, all in f64."""
    half = mpf('0.5001')
    near = lambda t: mp.loggamma(2 + t) / t if abs(t) > 1e-20 else mp.psi(0, 2)
    fit('lgamma: lgamma(2 + t)/t in t', near, lambda t: 1 / near(t), range(19), -half, half, 53)
    def stirling(w):
        x = 1 / sqrt(w)
        return (mp.loggamma(x) - (x - mpf(1) / 2) * log(x) + x - log(2 * pi) / 2) * x if w > 1e-12 else mpf(1) / 12 - w / 360
    fit('lgamma: (lgamma x - (x - 1/2) ln x + x - ln(2 pi)/2) x in 1/x^2', stirling, lambda w: 1, range(7), mpf('1e-10'), mpf(1) / 64, 53)
    root = mp.findroot(lambda x: mp.psi(0, x), mpf('1.46163'))
    head = mpf(float(root))
    print('digamma: its root', float(head).hex(), float(root - head).hex())
    slope = lambda t: mp.psi(0, root + t) / t if abs(t) > 1e-20 else mp.psi(1, root)
    fit('digamma: digamma(x)/(x - root) in x - root', slope, lambda t: 1 / slope(t), range(23), 1 - root, 2 - root, 53)
    def rest(w):
        x = 1 / sqrt(w)
        return (log(x) - mp.psi(0, x) - 1 / (2 * x)) * x * x if w > 1e-12 else mpf(1) / 12 - w / 120
    fit('digamma: (ln x - digamma x - 1/(2 x)) x^2 in 1/x^2', rest, lambda w: 1, range(8), mpf('1e-10'), mpf(1) / 64, 53)
    slope0 = sqrt(2 * pi)
    def middle(w):
        d = sqrt(w)
        return (sqrt(mpf(2)) * mp.erfinv(2 * d) / d - slope0) / w if w > 1e-20 else slope0**3 / 6
    fit('normal_quantile: (quantile(1/2 + d)/d - sqrt(2 pi))/d^2 in d^2', middle, lambda w: w / (slope0 + w * middle(w)),
        range(13), mpf('1e-12'), mpf('0.0626'), 53)
    lo, hi, c = sqrt(log(mpf(4))), mpf('27.31'), mpf(4)
    # t runs from -1 to 1 as 1/(s + 4) does from its least to its greatest.
    scale = 2 / (1 / (lo + c) - 1 / (hi + c))
    shift = -1 - scale / (hi + c)
    scale, shift = mpf(float(scale)), mpf(float(shift))
    print('normal_quantile: t =', float(scale), '/ (s + 4) +', float(shift))
    known = {}
    def below(t):
        if t not in known:
            s = scale / (t - shift) - c
            known[t] = (s, upper_quantile(s))
        s, z = known[t]
        return sqrt(mpf(2)) * s - z
    fit('normal_quantile: sqrt(2) s - z in t', below, lambda t: (below(t), 1 / known[t][1])[1], range(36), -1, 1, 53)


def two_over_pi(unit, grids):
    """2^unit 2/pi less a multiple of 4, cut into parts that are multiples of 2^-g for g in grids, and a rest of 53 bits;
    all of them divided by 2^unit."""
    left = ldexp(2 / pi, unit)
    left -= 4 * nint(left / 4)
    parts = []
    for g in grids:
        parts.append(ldexp(nint(ldexp(left, g)), -g))
        left -= parts[-1]
    return [ldexp(c, -unit) for c in parts + [rounded(left, 53)]]


def tables():
    mp.prec = 1600
    print('f32: 2/pi for arguments of at least 2^(unit + 23)')
    for unit in (0, 27, 53, 79):
        print(' ', unit, *[float(c).hex() for c in two_over_pi(unit, (27, 56))])
    print('f64: 2/pi for arguments of at least 2^(unit + 52); from 512 on times 2^512')
    for unit in range(0, 992, 32):
        scale = 512 if unit >= 512 else 0
        print(' ', unit, *[float(ldexp(c, scale)).hex() for c in two_over_pi(unit, (50, 102, 154))])


if __name__ == '__main__':
    polynomials()
    circular()
    special()
    if len(sys.argv) == 1:
        tables()
